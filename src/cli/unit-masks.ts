import { basename } from "node:path";
import { mergeStatistics } from "../dataset/statistics.ts";
import { formatNumber } from "../figures/format-number.ts";
import { composeMasks } from "../figures/masks.ts";
import { type Graph, pictureOf } from "../graph/graph.ts";
import { deprocess } from "../images/preprocess.ts";
import type { ChannelStatistics } from "../kernels/statistics.ts";
import { activations } from "../techniques/units/activations.ts";
import { type UnitThreshold, unitMask } from "../techniques/units/unit-mask.ts";
import type { Input } from "./images.ts";
import { type Io, printJson, UsageError } from "./io.ts";
import { preprocessingReport, provenance, warnOfGuess } from "./model.ts";
import { writeResult } from "./output.ts";
import type { Values } from "./values.ts";
import { withNetwork } from "./with-network.ts";

type Asked = number | { readonly sigmas: number } | { readonly top: number };

/** The value of --threshold. */
export function thresholdOf(values: Values): Asked | undefined {
  const text = values.text("threshold");
  if (text === undefined) return undefined;
  const [, number = ""] = /^(-?\d+(?:\.\d+)?)(?:sigma|σ)$/.exec(text) ?? [];
  if (number) return { sigmas: Number(number) };
  const [, share] = /^top(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  const top = Number(share) / 100;
  if (share !== undefined && top > 0 && top < 1) return { top };
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) {
    throw new UsageError(
      `--threshold expects a value, standard deviations (2sigma) or a part of the values (top0.5%), got "${text}"`,
    );
  }
  return value;
}

interface Masking {
  readonly layer: string;
  readonly channel: number;
  readonly threshold: Asked;
  readonly inputs: readonly Input[];
  readonly out: string | undefined;
}

/** `vitrine activations --threshold`: where a unit is on, in one image or several. */
export async function maskCommand(
  graph: Graph,
  { layer, channel, threshold, inputs, out }: Masking,
  values: Values,
  io: Io,
): Promise<void> {
  warnOfGuess(graph, io, inputs);
  const signal = io.signal;
  const options = { keep: [layer], gradients: false };
  const masks = await withNetwork(await io.device(), graph, options, async (network) => {
    const maps: Float32Array[] = [];
    if (inputs.length > 1 && typeof threshold !== "number") {
      for (const { values } of inputs) {
        const { data, shape } = await activations(network, values, { layer, signal });
        const channels = shape.at(-1) ?? 1;
        maps.push(data.filter((_, i) => i % channels === channel));
      }
    }
    const fixed = maps.length > 0 ? overAll(maps, threshold) : threshold;
    const found = [];
    for (const [i, { values }] of inputs.entries()) {
      io.progress(`masking ${i + 1} of ${inputs.length}`);
      found.push(await unitMask(network, values, { layer, channel, threshold: fixed, signal }));
    }
    return found;
  });
  io.progress();

  const [height, width] = pictureOf(graph, "masks").shape;
  const data = new Float32Array(masks.length * height * width);
  for (const [i, mask] of masks.entries()) data.set(mask.data, i * height * width);
  const words = wordsOf(threshold, inputs.length);
  const draw = () =>
    composeMasks({
      title: `${layer}, channel ${channel}`,
      subtitle: `${graph.name} · on ${words}`,
      masks: masks.map((mask, i) => ({
        ...mask,
        image: deprocess(inputs[i]?.values ?? new Float32Array(), graph),
        label: [basename(inputs[i]?.name ?? ""), ...provenance(graph, inputs[i] ?? {})].join(" · "),
      })),
    });
  if (out !== undefined) await writeResult(out, { data, shape: [masks.length, height, width], draw }, io);
  const results = masks.map(({ threshold, share }, i) => ({
    image: inputs[i]?.name ?? "",
    threshold,
    share,
  }));
  if (values.has("json")) {
    printJson(io, {
      model: graph.name,
      preprocessing: preprocessingReport(graph),
      layer,
      channel,
      results,
      out,
    });
    return;
  }
  io.out(`${layer}, channel ${channel}: on ${words}`);
  for (const { image, threshold, share } of results) {
    io.out(`  ${image}: above ${formatNumber(threshold)} on ${formatNumber(100 * share)} % of the image`);
  }
}

/** One threshold from the maps of all images. */
function overAll(maps: readonly Float32Array[], threshold: Exclude<Asked, number> | number): UnitThreshold {
  if (typeof threshold === "number") return threshold;
  if ("sigmas" in threshold) {
    const { mean, m2, count } = maps.map(statisticsOf).reduce(mergeStatistics);
    return (mean[0] ?? 0) + threshold.sigmas * Math.sqrt((m2[0] ?? 0) / count);
  }
  const all = Float32Array.from(maps.flatMap((map) => [...map])).sort();
  return all[all.length - 1 - Math.floor(threshold.top * all.length)] ?? 0;
}

function statisticsOf(map: Float32Array): ChannelStatistics {
  const mean = map.reduce((sum, value) => sum + value, 0) / map.length;
  const m2 = map.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count: map.length, mean: [mean], m2: [m2], min: [0], max: [0], zeros: [0] };
}

function wordsOf(threshold: Asked, images: number): string {
  const of = images > 1 ? `over ${images} images` : "of the map";
  if (typeof threshold === "number") return `above ${formatNumber(threshold)}`;
  if ("sigmas" in threshold) return `above mean + ${formatNumber(threshold.sigmas)} σ ${of}`;
  return `in the strongest ${formatNumber(100 * threshold.top)} % ${of}`;
}
