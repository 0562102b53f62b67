import type { LayerReport, SurveyReport } from "../dataset/survey/report.ts";
import { formatShape } from "../gpu/tensor.ts";

/** A survey in a few numbers, for --json. */
export function surveySummary(report: SurveyReport) {
  const { model, data, shard, pictures, broken, complete, layers, answers } = report;
  return {
    ...{ model, data, shard, pictures, broken, complete },
    ...(answers
      ? {
          answers: {
            pictures: answers.pictures,
            accuracy: answers.right / answers.pictures,
            inTopFive: answers.inTopFive / answers.pictures,
          },
        }
      : {}),
    layers: layers.map((layer) => ({
      layer: layer.layer,
      shape: layer.shape,
      dead: deadOf(layer),
      zeros: zeroRate(layer),
      least: Math.min(...layer.statistics.min),
      largest: Math.max(...layer.statistics.max),
    })),
  };
}

/** A survey in lines of text. */
export function surveyLines(report: SurveyReport): string[] {
  const { model, data, shard, pictures, broken, layers, answers } = report;
  const part = shard.n > 1 ? `, part ${shard.i}/${shard.n}` : "";
  const passed = broken.length > 0 ? `, ${broken.length} passed over` : "";
  const rows = layers.map((layer) => [
    layer.layer,
    formatShape(layer.shape),
    `${(100 * zeroRate(layer)).toFixed(1)} % zeros`,
    `${Math.min(...layer.statistics.min).toPrecision(3)} … ${Math.max(...layer.statistics.max).toPrecision(3)}`,
    deadOf(layer).length > 0 ? `${deadOf(layer).length} of ${layer.shape.at(-1)} channels dead` : "",
  ]);
  return [
    `${model} on ${data}${part}: ${pictures} ${pictures === 1 ? "picture" : "pictures"}${passed}`,
    ...(answers
      ? [
          `right ${percent(answers.right, answers.pictures)} (${answers.right} of ${answers.pictures}), among the five strongest ${percent(answers.inTopFive, answers.pictures)}`,
        ]
      : []),
    ...aligned(rows),
  ];
}

/** Channels that were zero everywhere. */
function deadOf({ statistics: { count, zeros } }: LayerReport): number[] {
  return zeros.flatMap((zero, channel) => (count > 0 && zero === count ? [channel] : []));
}

function zeroRate({ statistics: { count, zeros } }: LayerReport): number {
  return zeros.reduce((sum, zero) => sum + zero, 0) / (count * zeros.length);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
