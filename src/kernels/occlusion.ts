import occludeShader from "../../shaders/occlude.wgsl";
import mapShader from "../../shaders/occlusion_map.wgsl";
import scoreShader from "../../shaders/occlusion_score.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { asNhwc, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { EVERY_INDEX } from "./objective.ts";

/** A sweep of patches over an H×W image: sizes and strides are [vertical, horizontal], in pixels. */
export interface PatchSweep {
  readonly height: number;
  readonly width: number;
  readonly patch: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Patches from top to bottom and from left to right; the last of each is moved back to end at the border. */
  readonly rows: number;
  readonly columns: number;
  /** The clean image and one for each patch. */
  readonly images: number;
}

/**
 * Lays a sweep out over an image [H, W, C].
 * @throws InputError when the patch is larger than the image, or a size is not a whole number of at least 1.
 */
export function sweepOver(
  shape: Shape,
  patch: readonly [number, number],
  stride: readonly [number, number],
): PatchSweep {
  const [height = 0, width = 0] = shape;
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 1;
  if (!patch.every(whole) || patch[0] > height || patch[1] > width) {
    throw new InputError(
      `occlusion: expected a patch of 1×1 to ${height}×${width} pixels, got ${patch.join("×")}`,
    );
  }
  if (!stride.every(whole))
    throw new InputError(`occlusion: expected a stride of at least 1 pixel, got ${stride.join("×")}`);
  const rows = Math.ceil((height - patch[0]) / stride[0]) + 1;
  const columns = Math.ceil((width - patch[1]) / stride[1]) + 1;
  return { height, width, patch, stride, rows, columns, images: 1 + rows * columns };
}

/** 1 at each pixel that some patch covers, and 0 in the gaps of a sweep whose stride is wider than its patch. */
export function coverageOf({ height, width, patch, stride, rows, columns }: PatchSweep): Uint8Array {
  const along = (size: number, side: number, step: number, count: number): Uint8Array => {
    const covered = new Uint8Array(size);
    for (let i = 0; i < count; i++) {
      const from = Math.min(i * step, size - side);
      covered.fill(1, from, from + side);
    }
    return covered;
  };
  const down = along(height, patch[0], stride[0], rows);
  const across = along(width, patch[1], stride[1], columns);
  return Uint8Array.from(
    { length: height * width },
    (_, i) => (down[Math.floor(i / width)] ?? 0) * (across[i % width] ?? 0),
  );
}

/** Fills the batch `y` [N, H, W, C] with the next images of a sweep over `x` [H, W, C]; see occlude.wgsl. */
export function createOcclude(
  device: GPUDevice,
  sweep: PatchSweep,
  {
    x,
    fill,
    position,
    y,
  }: { readonly x: Tensor; readonly fill: Tensor; readonly position: Tensor; readonly y: Tensor },
): Promise<Command> {
  const [images, height, width, channels] = asNhwc(y.shape);
  return createDispatch(device, occludeShader, {
    params: {
      images,
      height,
      width,
      channels,
      patch_height: sweep.patch[0],
      patch_width: sweep.patch[1],
      stride_y: sweep.stride[0],
      stride_x: sweep.stride[1],
      columns: sweep.columns,
    },
    bindings: { x, fill, sweep: position, y },
    workgroups: gridOf(Math.ceil(sizeOf(y.shape) / 256)),
  });
}

/** Codes of what makes a probability of logits in WGSL; 0 is none. */
const PROBABILITIES = { softmax: 1, sigmoid: 2 } as const;

/** Elements of a layer that an objective sums, each an index or every one; or the softmax or sigmoid at a channel. */
export interface Score {
  readonly y?: number | undefined;
  readonly x?: number | undefined;
  readonly channel?: number | undefined;
  readonly probability?: keyof typeof PROBABILITIES | undefined;
}

/**
 * Writes the objective of each image of the batch into `scores` and moves the sweep on by `advance` (default: the batch);
 * images of a batch lie `step` (default: 1) apart in the sweep. See occlusion_score.wgsl.
 */
export function createOcclusionScore(
  device: GPUDevice,
  sweep: PatchSweep,
  score: Score,
  site: {
    readonly a: Tensor;
    readonly position: Tensor;
    readonly scores: Tensor;
    readonly step?: number | undefined;
    readonly advance?: number | undefined;
  },
): Promise<Command> {
  const { a, position, scores } = site;
  const [batch, height, width, channels] = asNhwc(a.shape);
  const { step = 1, advance = batch } = site;
  return createDispatch(device, scoreShader, {
    params: {
      batch,
      images: sweep.images,
      step,
      advance,
      height,
      width,
      channels,
      y: score.y ?? EVERY_INDEX,
      x: score.x ?? EVERY_INDEX,
      channel: score.channel ?? EVERY_INDEX,
      probability: score.probability ? PROBABILITIES[score.probability] : 0,
    },
    bindings: { a, sweep: position, scores },
    workgroups: [1],
  });
}

/** Turns a sweep's scores into its heat map `y` [H, W]; see occlusion_map.wgsl. */
export function createOcclusionMap(
  device: GPUDevice,
  sweep: PatchSweep,
  { scores, y }: { readonly scores: Tensor; readonly y: Tensor },
): Promise<Command> {
  return createDispatch(device, mapShader, {
    params: {
      height: sweep.height,
      width: sweep.width,
      patch_height: sweep.patch[0],
      patch_width: sweep.patch[1],
      stride_y: sweep.stride[0],
      stride_x: sweep.stride[1],
      rows: sweep.rows,
      columns: sweep.columns,
    },
    bindings: { scores, y },
    workgroups: [Math.ceil(sweep.width / 16), Math.ceil(sweep.height / 16)],
  });
}
