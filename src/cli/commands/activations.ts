import { basename } from "node:path";
import { composeFigure } from "../../figures/figure.ts";
import { renderOverlay } from "../../figures/overlay.ts";
import { composeMapSheet } from "../../figures/sheet.ts";
import { InputError } from "../../gpu/errors.ts";
import { formatShape, type Shape } from "../../gpu/tensor.ts";
import { layerOf, shapesOf } from "../../graph/graph.ts";
import { deprocess } from "../../images/preprocess.ts";
import { activations } from "../../techniques/units/activations.ts";
import { forEachImage } from "../for-each-image.ts";
import { Images, type Input } from "../images.ts";
import { type Io, UsageError } from "../io.ts";
import { scaleOf, shadingOf } from "../map-colors.ts";
import { openModel, preprocessingReport, provenance } from "../model.ts";
import { FIGURE_OR_ARRAY, Outputs, outOf, placeOf, summaryOf, writeResult } from "../output.ts";
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
    "--out maps.npy is the array: [h,w,c], [h,w] with --channel, [c] for a layer without pixels.",
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
  const channels = whole.at(-1) ?? 1;
  const channel = values.whole("channel", 0, Number.MAX_SAFE_INTEGER);
  if (channel !== undefined && (channel >= channels || whole.length !== 3)) {
    throw new InputError(
      `--channel expects one of the ${whole.length === 3 ? channels : 0} maps of layer "${layer}" (${formatShape(whole)}), got ${channel}`,
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
    const { data, shape } = channel === undefined ? found : channelOf(found, channel);
    const subtitle = [graph.name, formatShape(whole), basename(input.name), ...provenance(graph, input)].join(
      " · ",
    );
    const title = channel === undefined ? `Activations of ${layer}` : `${layer}, channel ${channel}`;
    const image = () => deprocess(input.values, graph);
    const map = { map: data, shape, kind: "activation" as const, ...shading };
    const draw = () =>
      channel === undefined
        ? composeMapSheet({ data, shape, title, subtitle, ...shading, scale })
        : composeFigure({ ...map, image: image(), title, subtitle });
    io.progress();
    const file = out?.fileFor(input.name);
    if (file !== undefined) await writeResult(file, { data, shape, draw }, io);
    const over = overlay?.fileFor(input.name);
    if (over !== undefined) {
      const drawOver = () => renderOverlay(input.photo ?? image(), graph, map);
      await writeResult(over, { data, shape, draw: drawOver }, io);
    }

    const summary = summaryOf(data);
    const strongest = channel === undefined ? strongestOf(found, top) : [];
    const of = channel === undefined ? { strongest } : { channel };
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
    for (const { channel: k, max, at } of strongest) {
      io.out(
        at
          ? `  channel ${k}: max ${max.toPrecision(4)} at ${at.join(",")}`
          : `  value ${k}: ${max.toPrecision(4)}`,
      );
    }
    return report;
  }
}

function channelOf({ data, shape }: { data: Float32Array; shape: Shape }, channel: number) {
  const channels = shape.at(-1) ?? 1;
  const size = data.length / channels;
  return {
    data: Float32Array.from({ length: size }, (_, i) => data[i * channels + channel] ?? 0),
    shape: shape.slice(0, -1),
  };
}

/** The channels with the highest activations, and where. */
function strongestOf({ data, shape }: { data: Float32Array; shape: Shape }, top: number) {
  const channels = shape.at(-1) ?? 1;
  const best = Array.from({ length: channels }, (_, channel) => channel);
  for (const [i, value] of data.entries()) {
    if (value > (data[best[i % channels] ?? 0] ?? 0)) best[i % channels] = i;
  }
  return best
    .map((i, channel) => ({
      channel,
      max: data[i] ?? 0,
      at: shape.length === 3 ? placeOf(i, shape).slice(0, 2) : undefined,
    }))
    .sort((a, b) => b.max - a.max || a.channel - b.channel)
    .slice(0, top);
}
