import { basename } from "node:path";
import { composeFigure } from "../../figures/figure.ts";
import { renderOverlay } from "../../figures/overlay.ts";
import { composeMapSheet } from "../../figures/sheet.ts";
import { InputError } from "../../gpu/errors.ts";
import { formatShape } from "../../gpu/tensor.ts";
import { layerOf, shapesOf } from "../../graph/graph.ts";
import { formsOf, LayerForm } from "../../graph/layer-form.ts";
import { deprocess } from "../../images/preprocess.ts";
import { activations } from "../../techniques/units/activations.ts";
import { forEachImage } from "../for-each-image.ts";
import { Images, type Input } from "../images.ts";
import { type Io, UsageError } from "../io.ts";
import { scaleOf, shadingOf } from "../map-colors.ts";
import { openModel, preprocessingReport, provenance } from "../model.ts";
import { FIGURE_OR_ARRAY, Outputs, outOf, summaryOf, writeResult } from "../output.ts";
import { maskCommand, thresholdOf } from "../unit-masks.ts";
import type { Values } from "../values.ts";
import { withNetwork } from "../with-network.ts";
import { type CliCommand, MODEL_OPTIONS, OUT_FOR_EACH } from "./command.ts";

export const ACTIVATIONS: CliCommand = {
  name: "activations",
  usage: "--layer NAME [IMAGE...]",
  summary: "Show a layer's activations for images.",
  details: [
    "--out maps.png is a sheet of all the layer's maps on one scale, or with --scale own each on its own. --clip 99 keeps a few large values from darkening the rest. With --channel, it is one map over the image.",
    "Attention heads are drawn as a matrix each, and --channel takes a head by its number; a sequence is one map with a row for each place.",
    "--out maps.npy is the array as the layer has it: [h,w,c], [c] for a layer without pixels, [heads,t,t] for attention; [h,w] with --channel.",
    "With --threshold, the channel's map is enlarged to the image and cut; each cell lies at the centre of what it sees. --out mask.png shows each image where the unit is on, --out mask.npy is [images,H,W] of 0 and 1.",
  ],
  options: [
    "image",
    ...MODEL_OPTIONS,
    "layer",
    "channel",
    "threshold",
    "scale",
    "clip",
    "colors",
    "top",
    "seed",
    "out",
    "overlay",
    "json",
  ],
  help: OUT_FOR_EACH,
  examples: [
    "vitrine activations --image synthetic:4 --layer conv2_2 --out maps.png",
    "vitrine activations dog.jpg --model squeezenet --layer fire5_concat --channel 12 --out map.npy",
    "vitrine activations a.jpg b.jpg c.jpg --layer conv3_3 --channel 5 --threshold top2% --out masks.png",
  ],
  run: activationsCommand,
};

async function activationsCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  const threshold = thresholdOf(values);
  // A mask command makes one result of all its images.
  const masked = threshold === undefined ? undefined : await outOf(values, FIGURE_OR_ARRAY);
  const out = threshold === undefined ? await Outputs.of(values, "out", FIGURE_OR_ARRAY) : undefined;
  const overlay = await Outputs.of(values, "overlay", [".png"]);
  const top = values.whole("top", 1, Number.POSITIVE_INFINITY) ?? 5;
  const layer = values.text("layer");
  if (layer === undefined) {
    throw new UsageError('activations expects --layer NAME, got none; "vitrine layers" lists the names');
  }
  const graph = await openModel(values, io, names);
  layerOf(graph, layer);
  const whole = shapesOf(graph).get(layer)?.slice(1) ?? [];
  const form = formsOf(graph).get(layer) ?? LayerForm.of([1, ...whole]);
  const heads = form.maps === "heads";
  const separate = heads || form.maps === "channels" ? form.size[2] : 0;
  const channel = values.whole("channel", 0, Number.MAX_SAFE_INTEGER);
  if (channel !== undefined && channel >= separate) {
    throw new InputError(
      `--channel expects one of the ${separate} ${heads ? "heads" : "maps"} of layer "${layer}" (${formatShape(whole)}), got ${channel}`,
    );
  }
  const shading = shadingOf(values);
  const wanted = scaleOf(values);
  if (wanted === "row" || wanted === "column") {
    throw new UsageError(`--scale expects own or all for the maps of a layer, got "${wanted}"`);
  }
  const scale = wanted;
  if (threshold !== undefined && channel === undefined) {
    throw new UsageError("--threshold expects --channel beside it: the unit whose mask is wanted");
  }
  if (overlay && (channel === undefined || threshold !== undefined)) {
    throw new UsageError(
      "--overlay expects --channel beside it, and no --threshold: the map to lay over the photograph",
    );
  }
  if (heads && (overlay || threshold !== undefined)) {
    const given = threshold === undefined ? "overlay" : "threshold";
    throw new UsageError(
      `--${given} expects a layer whose maps lie over the image, got the attention heads of layer "${layer}", a matrix each`,
    );
  }
  const images = new Images(graph, values, io, names);
  if (threshold !== undefined && channel !== undefined) {
    const asked = { layer, channel, threshold, inputs: await images.all(), out: masked };
    await maskCommand(graph, asked, values, io);
    images.assertWhole();
    return;
  }
  const several = await images.several().catch(() => images.count > 1);
  out?.assertFor(several, "out");
  overlay?.assertFor(several, "overlay");

  const options = { keep: [layer], gradients: false };
  await withNetwork(await io.device(), graph, options, (network) =>
    forEachImage(images, { graph, values, io, several }, async (input) =>
      show(await activations(network, input.values, { layer, signal: io.signal }), input),
    ),
  );

  async function show(found: Awaited<ReturnType<typeof activations>>, input: Input): Promise<unknown> {
    const { data, shape } = channel === undefined ? found : mapOf(found.data, form, channel);
    const subtitle = [graph.name, formatShape(whole), basename(input.name), ...provenance(graph, input)].join(
      " · ",
    );
    const unit = UNITS[form.maps];
    const title = channel === undefined ? `Activations of ${layer}` : `${layer}, ${unit} ${channel}`;
    const image = () => deprocess(input.values, graph);
    const map = { map: data, shape, kind: "activation" as const, ...shading };
    const sheet = { data, shape, title, subtitle, ...shading, scale };
    const draw = () => {
      if (channel === undefined) return composeMapSheet({ ...sheet, form });
      // The places of a head's matrix are no places of the image.
      if (heads) return composeMapSheet({ ...sheet, form: LayerForm.of([1, ...shape], true) });
      return composeFigure({ ...map, image: image(), title, subtitle });
    };
    io.progress();
    const file = out?.fileFor(input.name);
    if (file !== undefined) await writeResult(file, { data, shape, draw }, io);
    const over = overlay?.fileFor(input.name);
    if (over !== undefined) {
      const drawOver = () => renderOverlay(input.photo ?? image(), graph, map);
      await writeResult(over, { data, shape, draw: drawOver }, io);
    }

    const summary = summaryOf(data);
    const strongest = channel === undefined ? strongestOf(found.data, form, top) : [];
    const of = channel === undefined ? { strongest } : { [unit]: channel };
    const report = {
      model: graph.name,
      preprocessing: preprocessingReport(graph),
      image: input.name,
      fitted: input.fitted,
      layer,
      shape,
      ...summary,
      ...of,
      out: file,
      overlay: over,
    };
    if (values.has("json")) return report;
    io.out(`${title}, ${formatShape(shape)}`);
    io.out(
      `  min ${summary.min.toPrecision(4)}, max ${summary.max.toPrecision(4)}, mean ${summary.mean.toPrecision(4)}, ${(100 * summary.zeros).toFixed(1)} % zero`,
    );
    for (const { max, at, channel: k, head = k } of strongest) {
      const name = at ? unit : "value";
      const where = at ? `max ${max.toPrecision(4)} at ${at.join(",")}` : max.toPrecision(4);
      io.out(`  ${name} ${head}: ${where}`);
    }
    return report;
  }
}

/** The word for what `--channel` and the list of the strongest count. */
const UNITS = { channels: "channel", values: "channel", sequence: "channel", heads: "head" } as const;

/** One map of a layer, [h, w]. */
function mapOf(data: Float32Array, form: LayerForm, map: number) {
  const [height, width, maps] = form.size;
  const laidOut = form.laidOut(data);
  return {
    data: Float32Array.from({ length: height * width }, (_, i) => laidOut[i * maps + map] ?? 0),
    shape: [height, width],
  };
}

interface Strongest {
  /** The one or the other: its number. */
  readonly channel?: number;
  readonly head?: number;
  readonly max: number;
  /** Row and column, or the place in a sequence; absent where a layer has no places. */
  readonly at?: readonly number[] | undefined;
}

/** The channels, or heads, with the highest activations, and where. */
function strongestOf(data: Float32Array, form: LayerForm, top: number): Strongest[] {
  const [, width, maps] = form.size;
  const units = form.maps === "sequence" ? width : maps;
  const laidOut = form.laidOut(data);
  const best = Array.from({ length: units }, (_, unit) => unit);
  for (const [i, value] of laidOut.entries()) {
    if (value > (laidOut[best[i % units] ?? 0] ?? 0)) best[i % units] = i;
  }
  const placeOf = (place: number): number[] | undefined => {
    if (form.maps === "values") return undefined;
    return form.maps === "sequence" ? [place] : [Math.floor(place / width), place % width];
  };
  return best
    .map((i, unit) => ({
      [UNITS[form.maps]]: unit,
      max: laidOut[i] ?? 0,
      at: placeOf(Math.floor(i / units)),
    }))
    .sort((a, b) => b.max - a.max)
    .slice(0, top);
}
