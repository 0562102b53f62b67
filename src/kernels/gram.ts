import copyShader from "../../shaders/copy_blocks.wgsl";
import partialShader from "../../shaders/gram.wgsl";
import gradientShader from "../../shaders/gram_gradient.wgsl";
import meanShader from "../../shaders/gram_mean.wgsl";
import sumShader from "../../shaders/gram_sum.wgsl";
import symmetriseShader from "../../shaders/gram_symmetrise.wgsl";
import type { Command } from "../gpu/command.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps, type Plan, type Scratch, type Step } from "../gpu/steps.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { expectHalves } from "./cast.ts";

/** Divisor of a Gram matrix: none, the number of pixels, or pixels times channels. */
export type GramNormalisation = "none" | "pixels" | "elements";

export interface GramOptions {
  /** Default "none". */
  readonly normalise?: GramNormalisation | undefined;
  /** Subtract each image's channel means first; normalised by pixels, this is the covariance. Default false. */
  readonly centre?: boolean | undefined;
  readonly label?: string | undefined;
}

const GRAM: Fields<GramOptions> = {
  normalise: ["none", "pixels", "elements"],
  centre: [true, false],
  label: "may",
};

/**
 * Inputs and output of Gram matrices: x [N, H, W, C] or [N, P, C]; y [N, C, C]. If C is a multiple of four, x may hold
 * halves; sums are f32 all the same.
 */
export interface GramSite extends GramOptions {
  readonly x: Tensor;
  readonly y: Tensor;
  /** Computes every tile instead of those on and above the diagonal: the benchmark's ablation. Default false. */
  readonly full?: boolean | undefined;
}

const GRAM_SITE: Fields<GramSite> = { ...GRAM, x: "must", y: "must", full: [true, false] };

/** Inputs and output of the gradient: x as in {@link GramSite}, dy [N, C, C], dx like x. */
export interface GramGradientSite extends GramOptions {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly dx: Tensor;
  /** Add to the values of `dx` instead of replacing them. Default false. */
  readonly accumulate?: boolean | undefined;
}

const GRAM_GRADIENT_SITE: Fields<GramGradientSite> = {
  ...GRAM,
  ...{ x: "must", dy: "must", dx: "must", accumulate: [true, false] },
};

/** Edge of the square of elements that one thread computes in gram.wgsl; TILE in gram_sum.wgsl. */
const TILE = 8;
const PIXELS = 4; // of a thread in gram_gradient.wgsl
/** Threads that keep a large GPU busy; the pixels are cut into slices until there are about as many. */
const THREADS = 16384;
/** A slice of fewer pixels would cost more to add than to compute. */
const SHORTEST_SLICE = 64;

/**
 * Makes Gram matrices ready to record: y[n] = Σ over pixels of x[n, p]ᵀ·x[n, p], one C×C matrix an image, after Gatys,
 * Ecker & Bethge, "A Neural Algorithm of Artistic Style" (2015). Only the upper triangle is computed, so that y is
 * symmetric to the bit; the pixels are summed in a fixed order, so that a run repeats to the bit.
 * @throws InputError when the shapes do not fit or are too large for the device; UnsupportedError for halves where the
 * device has none.
 * @example
 * ```ts
 * import { createTensor, readTensor, recordCommands } from "vitrine";
 * import { createGram } from "vitrine/kernels";
 *
 * const x = createTensor(device, [1, 1, 2, 2], { data: Float32Array.of(1, 2, 3, 4) });
 * const y = createTensor(device, [1, 2, 2]);
 * const gram = await createGram(device, { x, y });
 * const encoder = device.createCommandEncoder(); // or your own
 * recordCommands(encoder, [gram]);
 * device.queue.submit([encoder.finish()]);
 * console.log((await readTensor(device, y)).join(" ")); // 10 14 14 20
 * gram.destroy();
 * for (const { buffer } of [x, y]) buffer.destroy();
 * ```
 */
export async function createGram(device: GPUDevice, site: GramSite): Promise<Command> {
  assertFields("gram", site, GRAM_SITE);
  expectHalves(device, nameOf(site), site.x);
  return createSteps(device, nameOf(site), planGram(site));
}

/**
 * Makes the gradient of {@link createGram} ready to record: dx = x·(dy + dyᵀ) over the same divisor, with x centred if it
 * was; dy need not be symmetric.
 * @throws InputError when the shapes do not fit or are too large for the device; UnsupportedError for halves where the
 * device has none.
 */
export async function createGramGradient(device: GPUDevice, site: GramGradientSite): Promise<Command> {
  assertFields("gram gradient", site, GRAM_GRADIENT_SITE);
  expectHalves(device, nameOf(site), site.x);
  return createSteps(device, nameOf(site), planGramGradient(site));
}

/** The shape of the Gram matrices of a batch of activations. @throws InputError when x has another rank than 3 or 4. */
export function gramShape(x: Shape, label?: string): [n: number, c: number, c: number] {
  const { images, channels } = sizesOf(x, nameOf({ label }));
  return [images, channels, channels];
}

/** The dispatches of {@link createGram}. */
export function planGram(site: GramSite): Plan {
  return (scratch) => {
    const { y, centre = false, full = false, normalise = "none" } = site;
    const sizes = sizesOf(site.x.shape, nameOf(site));
    const { images, pixels, channels, chunks } = sizes;
    expectShape(nameOf(site), "y", y, [images, channels, channels]);
    const prepared = prepare(site, sizes, scratch);
    const side = Math.ceil(channels / TILE);
    const tiles = full ? side * side : (side * (side + 1)) / 2;
    const wanted = Math.min(Math.ceil(pixels / SHORTEST_SLICE), Math.ceil(THREADS / (images * tiles)));
    const slice = Math.ceil(pixels / wanted);
    const slices = Math.ceil(pixels / slice);
    const partial = scratch([images, slices, tiles, TILE, TILE], "gram partial");
    const constants = { FULL: Number(full) };
    return [
      ...prepared.steps,
      {
        shader: partialShader,
        label: site.label,
        constants: { ...constants, CENTRE: Number(centre) },
        redeclare: storageOf(prepared.x),
        params: { images, pixels, chunks, tiles, side, slices, slice },
        bindings: { x: prepared.x, mean: prepared.mean, partial },
        workgroups: gridOf(Math.ceil((images * slices * tiles) / 64)),
      },
      {
        shader: sumShader,
        label: site.label,
        constants,
        params: { images, channels, tiles, side, slices, scale: scaleOf(normalise, sizes) },
        bindings: { partial, y },
        workgroups: gridOf(Math.ceil((images * tiles * TILE * TILE) / 4 / 64)),
      },
    ];
  };
}

/** The dispatches of {@link createGramGradient}. */
export function planGramGradient(site: GramGradientSite): Plan {
  return (scratch) => {
    const { x, dy, dx, centre = false, accumulate = false, normalise = "none" } = site;
    const sizes = sizesOf(x.shape, nameOf(site));
    const { images, pixels, channels, chunks } = sizes;
    expectShape(nameOf(site), "dy", dy, [images, channels, channels]);
    expectShape(nameOf(site), "dx", dx, x.shape);
    const prepared = prepare(site, sizes, scratch);
    const padded = chunks * 4;
    const s = scratch([images, padded, padded], "gram symmetric dy");
    const whole = padded === channels;
    const out = whole ? dx : scratch([images, pixels, padded], "gram padded dx");
    const rows = Math.ceil(pixels / PIXELS);
    const pairs = Math.ceil(chunks / 2);
    return [
      ...prepared.steps,
      {
        shader: symmetriseShader,
        label: site.label,
        params: { images, channels, padded, scale: scaleOf(normalise, sizes) },
        bindings: { dy, s },
        workgroups: gridOf(Math.ceil((images * padded * padded) / 64)),
      },
      {
        shader: gradientShader,
        label: site.label,
        constants: { CENTRE: Number(centre), ACCUMULATE: Number(accumulate && whole) },
        redeclare: storageOf(prepared.x),
        params: { images, pixels, chunks, rows, pairs },
        bindings: { x: prepared.x, mean: prepared.mean, s, dx: out },
        workgroups: gridOf(Math.ceil((images * rows * pairs) / 64)),
      },
      ...(whole
        ? []
        : [
            copyStep(site, {
              x: out,
              xLength: padded,
              y: dx,
              yLength: channels,
              block: channels,
              accumulate,
            }),
          ]),
    ];
  };
}

interface Sizes {
  readonly images: number;
  readonly pixels: number;
  readonly channels: number;
  /** Four channels each, the last one padded. */
  readonly chunks: number;
}

function sizesOf(shape: Shape, who: string): Sizes {
  const images = shape[0] ?? 0;
  const channels = shape.at(-1) ?? 0;
  const pixels = sizeOf(shape.slice(1, -1));
  if (shape.length < 3 || shape.length > 4 || sizeOf(shape) === 0) {
    throw new InputError(
      `${who}: expected x of shape N×H×W×C or N×pixels×C without an empty axis, got ${formatShape(shape)}`,
    );
  }
  return { images, pixels, channels, chunks: Math.ceil(channels / 4) };
}

/** Storage type of x, for the kernels that read it. */
function storageOf({ dtype }: Tensor): { readonly Stored: string } {
  return { Stored: dtype === "f16" ? "vec4<f16>" : "vec4<f32>" };
}

/** Prepares the input of both directions: x in whole chunks of four channels, and its means if it is to be centred. */
function prepare(
  site: GramSite | GramGradientSite,
  { images, pixels, channels, chunks }: Sizes,
  scratch: Scratch,
): { readonly x: Tensor; readonly mean: Tensor; readonly steps: readonly Step[] } {
  const padded = chunks * 4;
  const steps: Step[] = [];
  let { x } = site;
  if (padded !== channels && x.dtype === "f16") {
    throw new UnsupportedError(
      `${nameOf(site)}: expected a multiple of 4 channels where x holds halves, got ${channels}; store f32`,
    );
  }
  if (padded !== channels) {
    x = scratch([images, pixels, padded], "gram padded x");
    steps.push(copyStep(site, { x: site.x, xLength: channels, y: x, yLength: padded, block: channels }));
  }
  if (!site.centre) return { x, mean: x, steps };
  const mean = scratch([images, padded], "gram mean");
  const tiles = Math.ceil(chunks / 4);
  steps.push({
    shader: meanShader,
    label: site.label,
    redeclare: storageOf(x),
    params: { pixels, chunks, tiles },
    bindings: { x, mean },
    workgroups: [tiles, images],
  });
  return { x, mean, steps };
}

function copyStep(
  site: GramOptions,
  copy: {
    readonly x: Tensor;
    readonly xLength: number;
    readonly y: Tensor;
    readonly yLength: number;
    readonly block: number;
    readonly accumulate?: boolean | undefined;
  },
): Step {
  const { x, y, xLength, yLength, block, accumulate = false } = copy;
  const size = (sizeOf(x.shape) / xLength) * block;
  return {
    shader: copyShader,
    label: site.label,
    params: { size, block, xLength, xStart: 0, yLength, yStart: 0, accumulate: Number(accumulate) },
    bindings: { x, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  };
}

function scaleOf(normalise: GramNormalisation, { pixels, channels }: Sizes): number {
  if (normalise === "none") return 1;
  return 1 / (normalise === "pixels" ? pixels : pixels * channels);
}

function expectShape(who: string, name: string, { shape }: Tensor, expected: Shape): void {
  if (formatShape(shape) !== formatShape(expected)) {
    throw new InputError(
      `${who}: expected ${name} of shape ${formatShape(expected)}, got ${formatShape(shape)}`,
    );
  }
}

function nameOf({ label }: GramOptions): string {
  return label ? `gram "${label}"` : "gram";
}
