import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import { readTensor, type Shape } from "../../gpu/tensor.ts";
import { pictureOf } from "../../graph/graph.ts";
import { type Rectangle, receptiveField } from "../../graph/receptive-field.ts";
import { type InputColor, inputColorOf } from "../../images/color.ts";
import type { InputOptions } from "../../network/inputs.ts";
import type { Network } from "../../network/network.ts";
import { LOOP, type LoopOptions, runSteps } from "../../sampling/batches.ts";
import { submitStep } from "../../sampling/submit-step.ts";
import { answer, assertCall } from "../answer.ts";
import { assertAnswer } from "../answer-checks.ts";
import { createOcclusion } from "../attribution/occlusion.ts";
import type { Picture } from "../question.ts";
import { activations } from "./activations.ts";

export interface EmpiricalFieldOptions extends LoopOptions, InputOptions {
  readonly layer: string;
  readonly channel: number;
  /** The place of the map that is covered. Default: in each image the one that answers most. */
  readonly at?: { readonly y: number; readonly x: number } | undefined;
  /** Side of the covering square, in pixels. Default: 11 at 224 pixels, smaller images in proportion. */
  readonly patch?: number | undefined;
  /** Pixels from one square to the next. Default: 3 at 224 pixels, in proportion. */
  readonly stride?: number | undefined;
  /** Colour of the square. Default "mean". */
  readonly fill?: InputColor | undefined;
}

const FIELDS: Fields<EmpiricalFieldOptions> = {
  ...LOOP,
  ...{ layer: "must", channel: "must", at: "may", inputs: "may", patch: "may", stride: "may", fill: "may" },
};

/** One image's part in a unit's field. */
export interface FieldDiscrepancy {
  /** The unit's place in the map, and its activation there. */
  readonly y: number;
  readonly x: number;
  readonly value: number;
  /** The part that it can see in theory, in pixels of the image; may reach beyond the border. */
  readonly theoretical: Rectangle;
  /** |fall of the activation| of each position of the square, row by row. */
  readonly patches: Float32Array;
  /** Their mean over the positions that cover a pixel, [H, W]; NaN where none does. */
  readonly map: Float32Array;
}

/** The part of the image that moves a unit, measured. */
export interface EmpiricalField {
  /** The images' discrepancy maps, each centred on its unit, as their mean, [h, w]; 0 where `seen` is. */
  readonly data: Float32Array;
  readonly shape: Shape;
  /** Number of images with a square that covers each pixel. */
  readonly seen: Uint16Array;
  /** The theoretical field in `data`, which holds one square less a pixel around it. */
  readonly theoretical: Rectangle;
  readonly patch: number;
  readonly stride: number;
  /** √ of the number of pixels whose discrepancy is at least half the largest: the side of a square as large. */
  readonly side: number;
  readonly images: readonly FieldDiscrepancy[];
}

/**
 * A unit's empirical receptive field (Zhou et al. 2015, Object detectors emerge in deep scene CNNs, arXiv:1412.6856, section
 * 3.2): a square slides over each image, the change of the unit's activation is its discrepancy there, and the maps, centred on
 * the unit's theoretical field, are averaged. A square that does not touch the theoretical field changes nothing.
 * @throws InputError for a layer without maps, a unit that does not exist, a square that cannot be, or no image.
 */
export async function empiricalField(
  network: Network,
  images: readonly Picture[],
  options: EmpiricalFieldOptions,
): Promise<EmpiricalField> {
  assertCall({ who: "empirical field", fields: FIELDS }, network, options);
  const { graph } = network;
  const [height, width] = pictureOf(graph, "empirical field").shape;
  const side = Math.min(height, width);
  const { patch = Math.max(1, Math.round((11 * side) / 224)), signal, onProgress } = options;
  const { stride = Math.max(1, Math.round((3 * side) / 224)) } = options;
  if (images.length === 0) throw new InputError("empirical field: expected at least one image, got none");
  const found: FieldDiscrepancy[] = [];
  for (const [i, image] of images.entries()) {
    const loop = {
      signal,
      onProgress: (fraction: number) => onProgress?.((i + fraction) / images.length),
    };
    found.push(await answer(network, image, { ...options, ...loop, patch, stride }, discrepancyOf));
  }
  return { ...centred(found, patch, [height, width]), patch, stride, images: found };
}

async function discrepancyOf(
  network: Network,
  input: Float32Array,
  options: EmpiricalFieldOptions & { readonly patch: number; readonly stride: number },
): Promise<FieldDiscrepancy> {
  const { layer, channel, patch, stride, fill = "mean", signal } = options;
  const { device, graph } = network;
  const unit = await unitOf(network, input, options);
  const color = inputColorOf(graph, input, fill, "empirical field");
  const target = { layer, channel, y: unit.y, x: unit.x };
  const occlusion = await createOcclusion(network, target, { patch, stride });
  try {
    const { buffer, byteOffset, byteLength } = input;
    device.queue.writeBuffer(occlusion.image.buffer, 0, buffer, byteOffset, byteLength);
    device.queue.writeBuffer(occlusion.fill.buffer, 0, color);
    const start = device.createCommandEncoder({ label: "vitrine empirical field" });
    occlusion.recordStart(start);
    device.queue.submit([start.finish()]);
    await runSteps(network, occlusion.steps, options, () => submitStep(network, occlusion, network.batch));
    const scores = await readTensor(device, occlusion.scores);
    signal?.throwIfAborted();
    await assertAnswer(network, scores, "the activations of its unit");
    const [value = 0] = scores;
    const patches = Float32Array.from(scores.subarray(1), (score) => Math.abs(score - value));
    const { full } = receptiveField(graph, { layer, y: unit.y, x: unit.x });
    return { ...unit, value, theoretical: full, patches, map: spread(patches, occlusion.sweep) };
  } finally {
    occlusion.destroy();
  }
}

/** The unit's place: given, or where the channel answers most. */
async function unitOf(
  network: Network,
  input: Float32Array,
  { layer, channel, at, signal }: EmpiricalFieldOptions,
): Promise<{ readonly y: number; readonly x: number }> {
  const { data, shape } = await activations(network, input, { layer, signal });
  const [h = 1, w = 1, channels = 1] = shape;
  if (shape.length !== 3 || !Number.isInteger(channel) || channel < 0 || channel >= channels) {
    throw new InputError(
      `empirical field: expected one of the ${shape.length === 3 ? channels : 0} maps of layer "${layer}", got ${channel}`,
    );
  }
  if (at) {
    const inside = (value: number, size: number) => Number.isInteger(value) && value >= 0 && value < size;
    if (inside(at.y, h) && inside(at.x, w)) return at;
    throw new InputError(`empirical field: expected a place of the ${h}×${w} map, got ${at.y},${at.x}`);
  }
  let best = 0;
  for (let i = 0; i < h * w; i++) {
    if ((data[i * channels + channel] ?? 0) > (data[best * channels + channel] ?? 0)) best = i;
  }
  return { y: Math.floor(best / w), x: best % w };
}

interface Positions {
  readonly height: number;
  readonly width: number;
  readonly patch: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly rows: number;
  readonly columns: number;
}

/** Mean, at each pixel, of the squares that cover it. */
function spread(
  patches: Float32Array,
  { height, width, patch, stride, rows, columns }: Positions,
): Float32Array {
  const sum = new Float64Array(height * width);
  const count = new Uint32Array(height * width);
  for (let row = 0; row < rows; row++) {
    const top = Math.min(row * stride[0], height - patch[0]);
    for (let column = 0; column < columns; column++) {
      const left = Math.min(column * stride[1], width - patch[1]);
      const value = patches[row * columns + column] ?? 0;
      for (let y = top; y < top + patch[0]; y++) {
        for (let x = left; x < left + patch[1]; x++) {
          sum[y * width + x] = (sum[y * width + x] ?? 0) + value;
          count[y * width + x] = (count[y * width + x] ?? 0) + 1;
        }
      }
    }
  }
  // 0 ÷ 0 is NaN: nothing is known of what no square covers.
  return Float32Array.from(sum, (value, i) => value / (count[i] ?? 0));
}

/** The images' maps on top of one another, by their theoretical fields. */
function centred(
  images: readonly FieldDiscrepancy[],
  patch: number,
  [height, width]: readonly [number, number],
): Pick<EmpiricalField, "data" | "shape" | "seen" | "theoretical" | "side"> {
  const margin = patch - 1;
  const fieldHeight = Math.max(...images.map(({ theoretical: { top, bottom } }) => bottom - top));
  const fieldWidth = Math.max(...images.map(({ theoretical: { left, right } }) => right - left));
  const [h, w] = [fieldHeight + 2 * margin, fieldWidth + 2 * margin];
  const sum = new Float64Array(h * w);
  const seen = new Uint16Array(h * w);
  for (const { theoretical, map } of images) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const [row, column] = [theoretical.top - margin + y, theoretical.left - margin + x];
        if (row < 0 || column < 0 || row >= height || column >= width) continue;
        const value = map[row * width + column] ?? 0;
        if (Number.isNaN(value)) continue;
        sum[y * w + x] = (sum[y * w + x] ?? 0) + value;
        seen[y * w + x] = (seen[y * w + x] ?? 0) + 1;
      }
    }
  }
  const data = Float32Array.from(sum, (value, i) => value / Math.max(1, seen[i] ?? 1));
  const most = data.reduce((a, b) => Math.max(a, b), 0);
  const strong = data.reduce((count, value) => count + Number(most > 0 && value >= most / 2), 0);
  return {
    ...{ data, shape: [h, w], seen, side: Math.sqrt(strong) },
    theoretical: { top: margin, left: margin, bottom: margin + fieldHeight, right: margin + fieldWidth },
  };
}
