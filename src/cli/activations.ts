import { basename } from "node:path";
import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape } from "../gpu/tensor.ts";
import { renderFigure } from "../images/figure.ts";
import { deprocess } from "../images/preprocess.ts";
import { renderMapSheet } from "../images/sheet.ts";
import { layerOf, shapesOf } from "../network/graph.ts";
import { activations } from "../techniques/activations.ts";
import { readInputs } from "./inputs.ts";
import { type Io, printJson, UsageError } from "./io.ts";
import { maskCommand, thresholdOf } from "./masks.ts";
import { openModel, preprocessingReport, provenance, warnOfGuess } from "./model.ts";
import { withNetwork } from "./network.ts";
import { outOf, placeOf, summaryOf, writeResult } from "./output.ts";
import { scaleOf, shadingOf } from "./shading.ts";
import type { Values } from "./values.ts";

/** `vitrine activations`: what a layer, or one of its channels, answers to an image. */
export async function activationsCommand(images: readonly string[], values: Values, io: Io): Promise<void> {
  const out = await outOf(values, [".png", ".npy"]);
  const top = values.whole("top", 1, Number.POSITIVE_INFINITY) ?? 5;
  const layer = values.text("layer");
  if (layer === undefined) {
    throw new UsageError('activations expects --layer NAME, got none; "vitrine layers" lists the names');
  }
  const graph = await openModel(values, io, images);
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
  const scale = scaleOf(values);
  if (scale === "row" || scale === "column") {
    throw new UsageError(`--scale expects own or all for the maps of a layer, got "${scale}"`);
  }
  const threshold = thresholdOf(values);
  if (threshold !== undefined && channel === undefined) {
    throw new UsageError("--threshold expects --channel beside it: the unit whose mask is wanted");
  }
  const inputs = await readInputs(graph, values, io, images);
  if (threshold !== undefined && channel !== undefined) {
    const asked = { layer, channel, threshold, inputs, out };
    await maskCommand(graph, asked, values, io);
    return;
  }
  const [input, ...others] = inputs;
  if (!input || others.length > 0) throw new UsageError("activations expects one image, got several");
  warnOfGuess(graph, io, [input]);

  const found = await withNetwork(await io.device(), graph, { keep: [layer], gradients: false }, (network) =>
    activations(network, input.values, { layer, signal: io.signal }),
  );
  const { data, shape } = channel === undefined ? found : channelOf(found, channel);
  const subtitle = [graph.name, formatShape(whole), basename(input.name), ...provenance(graph, input)].join(
    " · ",
  );
  const title = channel === undefined ? `Activations of ${layer}` : `${layer}, channel ${channel}`;
  const draw = () =>
    channel === undefined
      ? renderMapSheet({ data, shape, title, subtitle, ...shading, ...(scale ? { scale } : {}) })
      : renderFigure({
          image: deprocess(input.values, graph),
          map: data,
          shape,
          technique: "activation",
          title,
          subtitle,
          ...shading,
        });
  if (out !== undefined) await writeResult(out, { data, shape, draw }, io);

  const summary = summaryOf(data);
  const strongest = channel === undefined ? strongestOf(found, top) : [];
  if (values.has("json")) {
    const of = channel === undefined ? { strongest } : { channel };
    printJson(io, {
      model: graph.name,
      preprocessing: preprocessingReport(graph),
      image: input.name,
      fitted: input.fitted,
      layer,
      shape,
      ...summary,
      ...of,
      out,
    });
    return;
  }
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
      ...(shape.length === 3 ? { at: placeOf(i, shape).slice(0, 2) } : {}),
    }))
    .sort((a, b) => b.max - a.max || a.channel - b.channel)
    .slice(0, top);
}
