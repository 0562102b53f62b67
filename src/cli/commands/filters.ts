import { composeFilters } from "../../figures/filters.ts";
import { formatNumber } from "../../figures/format-number.ts";
import { UnsupportedError } from "../../gpu/errors.ts";
import { inputOf } from "../../graph/graph.ts";
import { type FilterCombination, filterCombination } from "../../techniques/units/filter-combination.ts";
import { filtersOf } from "../../techniques/units/filters.ts";
import { messageOf } from "../error-messages.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { openModel } from "../model.ts";
import { FIGURE_OR_ARRAY, outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const FILTERS: CliCommand = {
  name: "filters",
  usage: "",
  summary: "Draw a convolution's weights. Needs no GPU.",
  details: [
    "Filters of the first layer are drawn as small pictures on one scale, with grey for zero. Of a later layer (--layer), the rows are the --top filters of the largest norm, or those of --channel, and the columns are their inputs. Beside them stands the combination of first-layer filters that each makes, of all its weights or of the --strongest.",
    "A filter is dead when its norm is below a hundredth of the layer's largest. --out w.npy keeps the weights, [kh,kw,inputs,outputs].",
  ],
  options: [...MODEL_OPTIONS, "layer", "channel", "top", "strongest", "out", "json"],
  help: {
    channel: "The filters to show, from 0, with commas between.",
    top: "Number of filters to show. Default 8.",
  },
  examples: [
    "vitrine filters --out filters.png",
    "vitrine filters --model squeezenet --layer fire2_squeeze1x1 --top 16 --out fire2.png",
  ],
  run(positionals, values, io) {
    assertNoArguments("filters", positionals);
    return filtersCommand(values, io);
  },
};

async function filtersCommand(values: Values, io: Io): Promise<void> {
  const out = await outOf(values, FIGURE_OR_ARRAY);
  const top = values.whole("top", 1, Number.POSITIVE_INFINITY) ?? 8;
  const chosen = values.numbers("channel");
  const keep = values.whole("strongest", 1, Number.MAX_SAFE_INTEGER);
  const graph = await openModel(values, io);
  const layer = values.text("layer");
  const filters = filtersOf(graph, { layer });
  const [kh, kw, inputs, outputs] = filters.shape;
  const stray = chosen?.find((k) => !Number.isInteger(k) || k < 0 || k >= outputs);
  if (stray !== undefined) {
    throw new UsageError(
      `--channel expects filters of 0 to ${outputs - 1} of layer "${filters.layer}", got ${stray}`,
    );
  }
  const ranked = [...filters.norms.keys()].sort(
    (a, b) => (filters.norms[b] ?? 0) - (filters.norms[a] ?? 0) || a - b,
  );
  const channels =
    chosen ?? (filters.first && !values.has("top") ? [...filters.norms.keys()] : ranked.slice(0, top));
  const images = inputOf(graph).shape[2];
  const combinations = filters.first || (images !== 1 && images !== 3) ? undefined : combine();
  const draw = () =>
    composeFilters({
      filters,
      channels,
      title: `Filters of ${filters.layer}`,
      subtitle: `${graph.name} · ${kh}×${kw}×${inputs}×${outputs}`,
      combinations,
    });
  if (out !== undefined) await writeResult(out, { data: filters.w, shape: filters.shape, draw }, io);
  const strongest = ranked.slice(0, top).map((channel) => ({ channel, norm: filters.norms[channel] ?? 0 }));
  if (values.has("json")) {
    const { shape, largest, dead, norms } = filters;
    const report = { model: graph.name, layer: filters.layer, shape, largest, dead, norms: [...norms], out };
    printJson(io, report);
    return;
  }
  io.out(
    `${filters.layer}: ${outputs} filters of ${kh}×${kw}×${inputs}, max |w| ${formatNumber(filters.largest)}`,
  );
  for (const { channel, norm } of strongest) io.out(`  filter ${channel}: norm ${formatNumber(norm)}`);
  io.out(
    filters.dead.length === 0
      ? "  no dead filter"
      : `  dead: ${filters.dead.join(", ")} (norm at most ${filters.threshold} of the largest)`,
  );

  /** A layer that no combination is defined for has none; its weights are shown all the same. */
  function combine(): FilterCombination[] | undefined {
    try {
      return channels.map((channel) =>
        filterCombination(graph, {
          layer: filters.layer,
          channel,
          strongest: keep,
        }),
      );
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      io.err(`vitrine: ${messageOf(error)}`);
      return undefined;
    }
  }
}
