import { composeField } from "../../figures/field.ts";
import { formatNumber } from "../../figures/format-number.ts";
import { InputError } from "../../gpu/errors.ts";
import { formatShape } from "../../gpu/tensor.ts";
import { layerOf, shapesOf } from "../../graph/graph.ts";
import { type Rectangle, receptiveField } from "../../graph/receptive-field.ts";
import { deprocess } from "../../images/preprocess.ts";
import { PATCH, STRIDE } from "../../techniques/attribution/occlusion-sweep.ts";
import { FILL } from "../../techniques/attribution/options.ts";
import { empiricalField } from "../../techniques/units/empirical-field.ts";
import { Images } from "../images.ts";
import { type Io, printJson, progressOf, UsageError } from "../io.ts";
import { openModel, preprocessingReport, provenance, warnOfGuess } from "../model.ts";
import { neuronsOf } from "../objective.ts";
import { FIGURE_OR_ARRAY, outOf, writeResult } from "../output.ts";
import { techniqueSettings } from "../technique-settings.ts";
import type { Values } from "../values.ts";
import { withNetwork } from "../with-network.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const FIELD: CliCommand = {
  name: "field",
  usage: "--layer NAME [IMAGE...]",
  summary: "Show the part of the image that a unit sees, in theory or measured with images.",
  details: [
    "Without images: the exact rectangle that the unit at --at (default: the middle) can see. Needs no GPU.",
    "With images and --channel: the empirical field. A square covers each image place by place. The change of the unit (at --at, or where it is most active) is averaged over the images, centred on the unit (Zhou et al. 2015). --out field.png draws it with the theoretical rectangle, --out field.npy keeps it.",
  ],
  options: [
    "image",
    ...MODEL_OPTIONS,
    "layer",
    "channel",
    "at",
    "patch",
    "stride",
    "fill",
    "batch",
    "seed",
    "out",
    "json",
  ],
  help: {
    patch:
      "Side of the covering square, in pixels of the network's input. Default: 11 at 224 pixels, in proportion.",
    stride: "Pixels from one square to the next. Default: 3 at 224 pixels, in proportion.",
  },
  examples: [
    "vitrine field --layer conv3_3 --at 5,5",
    "vitrine field a.jpg b.jpg c.jpg --layer conv2_2 --channel 7 --out field.png",
  ],
  run: fieldCommand,
};

async function fieldCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  const out = await outOf(values, FIGURE_OR_ARRAY);
  const layer = values.text("layer");
  if (layer === undefined) {
    throw new UsageError('field expects --layer NAME, got none; "vitrine layers" lists the names');
  }
  const graph = await openModel(values, io, names);
  layerOf(graph, layer);
  const shape = shapesOf(graph).get(layer)?.slice(1) ?? [];
  const { channel, y, x } = neuronsOf(graph, values) ?? {};
  const place = y === undefined || x === undefined ? undefined : { y, x };
  const measured = names.length > 0 || values.has("image");
  if (!measured) {
    if (out !== undefined)
      throw new UsageError("field expects images to measure a unit on for --out, got none");
    const [h = 1, w = 1] = shape.length === 3 ? shape : [];
    const at = place ?? { y: Math.floor(h / 2), x: Math.floor(w / 2) };
    const { full, inside } = receptiveField(graph, { layer, ...at });
    if (values.has("json")) printJson(io, { model: graph.name, layer, at, full, inside });
    else {
      io.out(`${layer} of ${formatShape(shape)}, unit at ${at.y},${at.x}`);
      io.out(`  sees ${sizeOf(full)} pixels: ${words(full)}`);
      io.out(`  of the image ${sizeOf(inside)}: ${words(inside)}`);
    }
    return;
  }
  if (channel === undefined) throw new UsageError("field expects --channel K: which unit is measured");
  if (shape.length !== 3) {
    throw new InputError(`field expects a layer with maps, got "${layer}" of ${formatShape(shape)}`);
  }
  const { patch, stride, fill } = techniqueSettings(
    { options: { patch: PATCH, stride: STRIDE, fill: FILL } },
    values,
  );
  const options = {
    ...{ layer, channel },
    ...{ at: place, patch, stride, fill },
  };
  const images = new Images(graph, values, io, names);
  const inputs = await images.all();
  warnOfGuess(graph, io, inputs);
  const setting = { keep: [layer], gradients: false, batch: values.whole("batch", 1, 1024) ?? 16 };
  const found = await withNetwork(await io.device(), graph, setting, (network) =>
    empiricalField(
      network,
      inputs.map((input) => input.values),
      { ...options, signal: io.signal, onProgress: progressOf(io, "covering") },
    ),
  );
  io.progress();

  const { theoretical, side } = found;
  const count = `${inputs.length} ${inputs.length === 1 ? "image" : "images"}`;
  const draw = () =>
    composeField({
      field: found,
      images: inputs.map((input) => deprocess(input.values, graph)),
      title: `Receptive field of ${layer}, channel ${channel}`,
      subtitle: [graph.name, count, ...provenance(graph, {})].join(" · "),
    });
  if (out !== undefined) await writeResult(out, { data: found.data, shape: found.shape, draw }, io);
  const units = found.images.map(({ y, x, value, theoretical }, i) => ({
    ...{ image: inputs[i]?.name ?? "", at: [y, x], value, theoretical },
  }));
  if (values.has("json")) {
    const { patch, stride, shape } = found;
    const preprocessing = preprocessingReport(graph);
    const about = {
      model: graph.name,
      preprocessing,
      layer,
      channel,
      patch,
      stride,
      shape,
      theoretical,
      side,
    };
    printJson(io, { ...about, units, out });
    images.assertWhole();
    return;
  }
  io.out(`${layer}, channel ${channel}: theory ${sizeOf(theoretical)} pixels, measured over ${count}`);
  io.out(
    `  above half its largest discrepancy: as many pixels as ${formatNumber(side)}×${formatNumber(side)}`,
  );
  for (const { image, at, value } of units) {
    io.out(`  ${image}: unit at ${at.join(",")}, activation ${formatNumber(value)}`);
  }
  images.assertWhole();
}

function sizeOf({ top, left, bottom, right }: Rectangle): string {
  return `${bottom - top}×${right - left}`;
}

function words({ top, left, bottom, right }: Rectangle): string {
  return `rows ${top} to ${bottom - 1}, columns ${left} to ${right - 1}`;
}
