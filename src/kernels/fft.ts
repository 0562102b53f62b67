import shader from "../../shaders/fft.wgsl";
import type { Command } from "../gpu/command.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps, type Scratch, type Step } from "../gpu/steps.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Inputs and output of a transform of pictures: those of {@link createRfft2} or {@link createIrfft2}. */
export interface Fft2Site {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly label?: string | undefined;
}

/** Inputs and output of its gradient: `dy` as the transform's y, `dx` as its x. */
export interface Fft2GradientSite {
  readonly dy: Tensor;
  readonly dx: Tensor;
  readonly label?: string | undefined;
}

const SITE: Fields<Fft2Site> = { x: "must", y: "must", label: "may" };
const GRADIENT_SITE: Fields<Fft2GradientSite> = { dy: "must", dx: "must", label: "may" };

/** Longest line that a workgroup holds; MOST in fft.wgsl. */
const LONGEST = 2048;
/** Elements that a workgroup transforms together, where a line has fewer. */
const TOGETHER = 1024;
/** Factors that are fast; what remains is divided by its smallest primes. */
const FAST = [4, 2, 3, 5, 7];

/**
 * Shape of the spectra of pictures [N, H, W, C]: [N, H, ⌊W/2⌋ + 1, C, 2], the real and imaginary parts of the frequencies that
 * real numbers do not already determine, in the order of NumPy's `rfft2`.
 * @throws InputError for another shape.
 */
export function spectrumShape(pictures: Shape): [n: number, h: number, w: number, c: number, parts: 2] {
  const [n, h, w, c] = sizesOf(pictures, "rfft2", "pictures");
  return [n, h, Math.floor(w / 2) + 1, c, 2];
}

/**
 * Makes the spectra of pictures ready to record: the discrete Fourier transform over height and width, channel by channel. x is
 * [N, H, W, C], of any height and width of at most 2048; y is as {@link spectrumShape} says. Not scaled, as in NumPy and
 * PyTorch. A length with a large prime factor takes as many operations an element.
 * @throws InputError when the shapes do not fit; UnsupportedError for longer axes and for halves.
 * @example
 * ```ts
 * import { createTensor, readTensor, recordCommands } from "vitrine";
 * import { createRfft2, spectrumShape } from "vitrine/kernels";
 *
 * const x = createTensor(device, [1, 1, 4, 1], { data: Float32Array.of(1, 2, 3, 4) });
 * const y = createTensor(device, spectrumShape(x.shape));
 * const rfft2 = await createRfft2(device, { x, y });
 * const encoder = device.createCommandEncoder(); // or your own
 * recordCommands(encoder, [rfft2]);
 * device.queue.submit([encoder.finish()]);
 * const parts = await readTensor(device, y);
 * console.log(parts.map(Math.round).join(" ")); // 10 0 -2 2 -2 0
 * rfft2.destroy();
 * for (const { buffer } of [x, y]) buffer.destroy();
 * ```
 */
export async function createRfft2(device: GPUDevice, site: Fft2Site): Promise<Command> {
  assertFields("rfft2", site, SITE);
  return createTransform(device, {
    who: nameOf("rfft2", site),
    pictures: ["x", site.x],
    spectra: ["y", site.y],
    direction: "to spectra",
  });
}

/**
 * Makes pictures of spectra ready to record: the inverse of {@link createRfft2}, divided by H·W. x is as {@link spectrumShape}
 * says, y is [N, H, W, C]. Of the columns of frequency 0 and W/2, only what belongs to real pictures counts, as in NumPy.
 * @throws InputError when the shapes do not fit; UnsupportedError for axes above 2048 and for halves.
 */
export async function createIrfft2(device: GPUDevice, site: Fft2Site): Promise<Command> {
  assertFields("irfft2", site, SITE);
  return createTransform(device, {
    who: nameOf("irfft2", site),
    pictures: ["y", site.y],
    spectra: ["x", site.x],
    direction: "to pictures",
    inverse: true,
  });
}

/**
 * Makes the gradient of {@link createRfft2} ready to record, its adjoint: dy is a gradient to spectra, to their real and
 * imaginary parts, dx [N, H, W, C] to the pictures.
 * @throws InputError when the shapes do not fit; UnsupportedError for axes above 2048 and for halves.
 */
export async function createRfft2Gradient(device: GPUDevice, site: Fft2GradientSite): Promise<Command> {
  assertFields("rfft2 gradient", site, GRADIENT_SITE);
  return createTransform(device, {
    who: nameOf("rfft2 gradient", site),
    pictures: ["dx", site.dx],
    spectra: ["dy", site.dy],
    direction: "to pictures",
  });
}

/**
 * Makes the gradient of {@link createIrfft2} ready to record, its adjoint: dy [N, H, W, C] is a gradient to pictures, dx to the
 * real and imaginary parts of their spectra.
 * @throws InputError when the shapes do not fit; UnsupportedError for axes above 2048 and for halves.
 */
export async function createIrfft2Gradient(device: GPUDevice, site: Fft2GradientSite): Promise<Command> {
  assertFields("irfft2 gradient", site, GRADIENT_SITE);
  return createTransform(device, {
    who: nameOf("irfft2 gradient", site),
    pictures: ["dy", site.dy],
    spectra: ["dx", site.dx],
    direction: "to spectra",
    inverse: true,
  });
}

/** A tensor and what the caller calls it. */
type Named = readonly [name: string, tensor: Tensor];

interface Transform {
  readonly who: string;
  readonly pictures: Named;
  readonly spectra: Named;
  readonly direction: "to spectra" | "to pictures";
  /** irfft2 or its adjoint: each frequency counts for its mirror image too, and all is divided by H·W. */
  readonly inverse?: boolean;
}

function createTransform(
  device: GPUDevice,
  { who, pictures: [picturesName, pictures], spectra, direction, inverse = false }: Transform,
): Promise<Command> {
  return createSteps(device, who, (scratch) => {
    const [n, h, w, c] = sizesOf(pictures.shape, who, picturesName);
    const shape = spectrumShape(pictures.shape);
    const [spectraName, { shape: got }] = spectra;
    if (formatShape(got) !== formatShape(shape)) {
      throw new InputError(
        `${who}: expected ${spectraName} of shape ${formatShape(shape)} (N×H×⌊W/2⌋+1×C×2), got ${formatShape(got)}`,
      );
    }
    if (h > LONGEST || w > LONGEST) {
      throw new UnsupportedError(
        `${who}: expected pictures of at most ${LONGEST} pixels a side, got ${h}×${w}; make them smaller`,
      );
    }
    for (const [name, { dtype }] of [[picturesName, pictures] as const, spectra]) {
      if (dtype === "f32") continue;
      throw new UnsupportedError(
        `${who}: expected ${name} of f32, got ${dtype}; createCast() converts halves`,
      );
    }
    const between = scratch(shape, "fft rows");
    const half = shape[2];
    const columns = { n: h, outer: n, inner: half * c, scale: inverse ? 1 / (h * w) : 1, given: h, kept: h };
    const rows = { n: w, outer: n * h, inner: c, scale: 1 };
    return direction === "to spectra"
      ? [
          lineStep(scratch, {
            ...{ ...rows, x: pictures, y: between, sign: -1 },
            ...{ given: w, kept: half, realX: true, doubleY: inverse },
          }),
          lineStep(scratch, { ...columns, x: between, y: spectra[1], sign: -1 }),
        ]
      : [
          lineStep(scratch, { ...columns, x: spectra[1], y: between, sign: 1 }),
          lineStep(scratch, {
            ...{ ...rows, x: between, y: pictures, sign: 1 },
            ...{ given: half, kept: w, realY: true, doubleX: inverse },
          }),
        ];
  });
}

function sizesOf(shape: Shape, who: string, name: string): [n: number, h: number, w: number, c: number] {
  const [n = 0, h = 0, w = 0, c = 0] = shape;
  if (shape.length === 4 && sizeOf(shape) > 0) return [n, h, w, c];
  throw new InputError(
    `${who}: expected ${name} of shape N×H×W×C without an empty axis, got ${formatShape(shape)}`,
  );
}

interface Lines {
  readonly n: number;
  readonly outer: number;
  readonly inner: number;
  readonly x: Tensor;
  readonly y: Tensor;
  readonly given: number;
  readonly kept: number;
  readonly sign: -1 | 1;
  readonly scale: number;
  readonly realX?: boolean;
  readonly realY?: boolean;
  readonly doubleX?: boolean;
  readonly doubleY?: boolean;
}

/** A transform along one axis; see fft.wgsl. */
function lineStep(scratch: Scratch, { x, y, outer, realX, realY, doubleX, doubleY, ...params }: Lines): Step {
  const { n, inner } = params;
  const lines = outer * inner;
  const together = Math.min(lines, Math.max(1, Math.floor(TOGETHER / n)));
  const factors = factorsOf(n);
  return {
    shader,
    params: {
      ...params,
      lines,
      together,
      realX: Number(realX ?? false),
      realY: Number(realY ?? false),
      doubleX: Number(doubleX ?? false),
      doubleY: Number(doubleY ?? false),
      factors: Array.from({ length: 12 }, (_, index) => factors[index] ?? 0),
    },
    bindings: { x, y, twiddles: scratch([n, 2], "fft twiddles", { data: twiddlesOf(n) }) },
    workgroups: gridOf(Math.ceil(lines / together)),
  };
}

/** Factors of a length, the fast ones first. */
function factorsOf(n: number): number[] {
  const factors: number[] = [];
  let rest = n;
  const take = (factor: number): void => {
    for (; rest % factor === 0; rest /= factor) factors.push(factor);
  };
  for (const factor of FAST) take(factor);
  for (let factor = 11; rest > 1; factor += 2) take(factor);
  return factors;
}

/** cos and −sin of 2πt/n, computed in double precision. */
function twiddlesOf(n: number): Float32Array {
  return Float32Array.from({ length: 2 * n }, (_, index) => {
    const angle = (2 * Math.PI * (index >> 1)) / n;
    return index % 2 === 0 ? Math.cos(angle) : -Math.sin(angle);
  });
}

function nameOf(name: string, { label }: { readonly label?: string | undefined }): string {
  return label ? `${name} "${label}"` : name;
}
