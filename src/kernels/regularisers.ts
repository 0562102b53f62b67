import clipShader from "../../shaders/clip_parameters.wgsl";
import decayShader from "../../shaders/decay_parameters.wgsl";
import tvBeginShader from "../../shaders/denoise_tv_begin.wgsl";
import tvWaveShader from "../../shaders/denoise_tv_wave.wgsl";
import dropShader from "../../shaders/drop_small.wgsl";
import blurShader from "../../shaders/gaussian_blur.wgsl";
import magnitudesShader from "../../shaders/magnitudes.wgsl";
import ballShader from "../../shaders/project_ball.wgsl";
import histogramShader from "../../shaders/rank_histogram.wgsl";
import selectShader from "../../shaders/rank_select.wgsl";
import { type Command, sequence } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { build } from "../gpu/scope.ts";
import { createSteps, type Step } from "../gpu/steps.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { createDistance } from "./terms.ts";

const threads = (count: number) => gridOf(Math.ceil(count / 256));

/** Holds `x` within `low` and `high`, which are repeated over it; see clip_parameters.wgsl. */
export function createClip(
  device: GPUDevice,
  bindings: { readonly low: Tensor; readonly high: Tensor; readonly x: Tensor },
): Promise<Command> {
  const size = sizeOf(bindings.x.shape);
  return createDispatch(device, clipShader, {
    params: { size, period: sizeOf(bindings.low.shape) },
    bindings,
    workgroups: threads(size),
  });
}

/** Multiplies `x` by `rest`; see decay_parameters.wgsl. */
export function createDecay(
  device: GPUDevice,
  { x, rest }: { readonly x: Tensor; readonly rest: number },
): Promise<Command> {
  const size = sizeOf(x.shape);
  return createDispatch(device, decayShader, {
    params: { size, rest },
    bindings: { x },
    workgroups: threads(size),
  });
}

/** Blurs images `x` [N, H, W, C] in place by a symmetric filter, its weights from the centre outwards; see gaussian_blur.wgsl. */
export function createBlur(
  device: GPUDevice,
  { x, taps }: { readonly x: Tensor; readonly taps: Float32Array },
): Promise<Command> {
  return createSteps(device, "blur", (scratch) => {
    const [, height = 1, width = 1, channels = 1] = x.shape;
    const size = sizeOf(x.shape);
    const weights = scratch([taps.length], "blur weights", { data: taps });
    const columns = scratch(x.shape, "blurred columns");
    const along = (from: Tensor, to: Tensor, length: number, inner: number): Step => ({
      shader: blurShader,
      params: { size, length, inner },
      bindings: { x: from, taps: weights, y: to },
      workgroups: threads(size),
    });
    return [along(x, columns, height, width * channels), along(columns, x, width, channels)];
  });
}

/**
 * Denoises images `x` [N, H, W, C] in place by total variation, in so many sweeps over all pixels; see denoise_tv_wave.wgsl.
 * @param weights [steps]: weight of the noisy image in each step; `step` [1], u32, is its number.
 */
export function createDenoiseTv(
  device: GPUDevice,
  site: { readonly x: Tensor; readonly weights: Tensor; readonly step: Tensor; readonly sweeps: number },
): Promise<Command> {
  const { x, weights, step, sweeps } = site;
  const [images = 1, height = 1, width = 1, channels = 1] = x.shape;
  return build(device, "TV denoising", async ({ tensor, command }) => {
    const f = tensor(x.shape, { label: "noisy images" });
    const d = tensor([...x.shape, 4], { label: "differences of pixels" });
    const even = tensor([1], { dtype: "u32", label: "time of even waves" });
    const odd = tensor([1], { dtype: "u32", label: "time of odd waves" });
    const across = Math.min(sweeps, Math.ceil(width / 2));
    const total = images * height * across * channels;
    const wave = (clock: Tensor, next: Tensor): Promise<Command> =>
      command(
        createDispatch(device, tvWaveShader, {
          params: { total, height, width, channels, across, sweeps },
          bindings: { weights, step, clock, f, next, d, x },
          workgroups: threads(total),
        }),
      );
    const begin = await command(
      createDispatch(device, tvBeginShader, {
        params: { size: sizeOf(x.shape) },
        bindings: { x, f, d, clock: even },
        workgroups: threads(sizeOf(x.shape)),
      }),
    );
    const waves = [await wave(even, odd), await wave(odd, even)];
    // The last sweep is at the last pixel at time (height − 1) + (width − 1) + 2·(sweeps − 1).
    const times = height + width + 2 * sweeps - 3;
    return {
      encode(pass: GPUComputePassEncoder): void {
        begin.encode(pass);
        for (let time = 0; time < times; time++) waves[time % 2]?.encode(pass);
      },
    };
  });
}

/** By what parameters or pixels are compared: |x|, √Σ x² of a pixel, |Σ g·x| of a pixel. */
export type Magnitude = "value" | "norm" | "contribution";

/** Elements that one workgroup counts. */
const SLICE = 4096;

/** Sets to 0 what is smaller than the magnitude of a rank; see magnitudes.wgsl, rank_histogram.wgsl, drop_small.wgsl. */
export function createDropSmall(
  device: GPUDevice,
  {
    x,
    g,
    channels,
    by,
    rank,
  }: {
    /** [images, P] */
    readonly x: Tensor;
    /** [images, P]: gradient. */
    readonly g: Tensor;
    /** Channels of a pixel; "value" compares single parameters. */
    readonly channels: number;
    readonly by: Magnitude;
    /** From 0, of P parameters or of P / channels pixels: what is smaller than the one of this rank becomes 0. */
    readonly rank: number;
  },
): Promise<Command> {
  return createSteps(device, "clip small", (scratch) => {
    const [images = 1, parameters = 1] = x.shape;
    const each = by === "value" ? 1 : channels;
    const size = parameters / each;
    const magnitudes = scratch([images, size], "magnitudes");
    const counts = scratch([images, 256], "counts of bits", { dtype: "u32" });
    const found = scratch([images, 2], "magnitude of a rank", { dtype: "u32" });
    const slices = Math.ceil(size / SLICE);
    const rounds = [24, 16, 8, 0].flatMap((shift): Step[] => [
      {
        shader: histogramShader,
        params: { images, size, slices, slice: SLICE, shift, known: 2 ** 32 - 2 ** (shift + 8) },
        bindings: { magnitudes, found, counts },
        workgroups: gridOf(images * slices),
      },
      {
        shader: selectShader,
        params: { images, shift, rank, first: Number(shift === 24) },
        bindings: { counts, found },
        workgroups: gridOf(images),
      },
    ]);
    return [
      {
        shader: magnitudesShader,
        constants: { BY_GRADIENT: Number(by === "contribution"), SQUARED: Number(by === "norm") },
        params: { size: images * size, channels: each },
        bindings: { x, g, magnitudes },
        workgroups: threads(images * size),
      },
      ...rounds,
      {
        shader: dropShader,
        params: { total: sizeOf(x.shape), size, channels: each },
        bindings: { magnitudes, found, x },
        workgroups: threads(sizeOf(x.shape)),
      },
    ];
  });
}

/** Brings each image of `x` [images, P] back into a ball around `centre`, which is repeated over it; see project_ball.wgsl. */
export function createBallProjection(
  device: GPUDevice,
  { x, centre, radius }: { readonly x: Tensor; readonly centre: Tensor; readonly radius: number },
): Promise<Command> {
  const [images = 1, size = 1] = x.shape;
  return build(device, "ball projection", async ({ tensor, command }) => {
    const squares = tensor([images], { label: "squared distances" });
    const measured = { x, r: centre, alpha: 2, values: squares, weight: 1, accumulate: false };
    return sequence([
      await command(createDistance(device, measured)),
      await command(
        createDispatch(device, ballShader, {
          params: { total: images * size, size, period: sizeOf(centre.shape), radius },
          bindings: { squares, centre, x },
          workgroups: threads(images * size),
        }),
      ),
    ]);
  });
}
