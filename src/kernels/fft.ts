import type { Command } from "../gpu/command.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps, type Step } from "../gpu/steps.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { fft2Passes, twiddlesOf } from "./fft-passes.ts";

/** Inputs and output of a transform of pictures: those of {@link createRfft2} or {@link createIrfft2}. */
export interface Fft2Site {
  readonly x: Tensor;
  readonly y: Tensor;
  /** `[H, ⌊W/2⌋ + 1]`: a number for each frequency, by which spectra are multiplied. Default: 1. */
  readonly factors?: Tensor | undefined;
  readonly label?: string | undefined;
}

/** Inputs and output of its gradient: `dy` as the transform's y, `dx` as its x. */
export interface Fft2GradientSite {
  readonly dy: Tensor;
  readonly dx: Tensor;
  /** As those of the transform. */
  readonly factors?: Tensor | undefined;
  readonly label?: string | undefined;
}

const SITE: Fields<Fft2Site> = { x: "must", y: "must", factors: "may", label: "may" };
const GRADIENT_SITE: Fields<Fft2GradientSite> = { dy: "must", dx: "must", factors: "may", label: "may" };

/** Longest axis: the product of two of its places is a u32. */
const LONGEST = 65_536;

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
 * [N, H, W, C], of any height and width of at most 65,536; y is as {@link spectrumShape} says. Not scaled, as in NumPy and
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
  return createTransform(device, { ...forward("rfft2", site), direction: "to spectra" });
}

/**
 * Makes pictures of spectra ready to record: the inverse of {@link createRfft2}, divided by H·W. x is as {@link spectrumShape}
 * says, y is [N, H, W, C]. Of the columns of frequency 0 and W/2, only what belongs to real pictures counts, as in NumPy.
 * @throws InputError when the shapes do not fit; UnsupportedError for axes above 65,536 and for halves.
 */
export async function createIrfft2(device: GPUDevice, site: Fft2Site): Promise<Command> {
  return createTransform(device, { ...forward("irfft2", site), direction: "to pictures", inverse: true });
}

/**
 * Makes the gradient of {@link createRfft2} ready to record, its adjoint: dy is a gradient to spectra, to their real and
 * imaginary parts, dx [N, H, W, C] to the pictures.
 * @throws InputError when the shapes do not fit; UnsupportedError for axes above 65,536 and for halves.
 */
export async function createRfft2Gradient(device: GPUDevice, site: Fft2GradientSite): Promise<Command> {
  return createTransform(device, { ...backward("rfft2 gradient", site), direction: "to pictures" });
}

/**
 * Makes the gradient of {@link createIrfft2} ready to record, its adjoint: dy [N, H, W, C] is a gradient to pictures, dx to the
 * real and imaginary parts of their spectra.
 * @throws InputError when the shapes do not fit; UnsupportedError for axes above 65,536 and for halves.
 */
export async function createIrfft2Gradient(device: GPUDevice, site: Fft2GradientSite): Promise<Command> {
  return createTransform(device, {
    ...backward("irfft2 gradient", site),
    direction: "to spectra",
    inverse: true,
  });
}

/** A tensor and what the caller calls it. */
type Named = readonly [name: string, tensor: Tensor];

interface Transform {
  readonly who: string;
  readonly from: Named;
  readonly to: Named;
  readonly factors: Tensor | undefined;
  readonly direction: "to spectra" | "to pictures";
  /** irfft2 or its adjoint: each frequency counts for its mirror image too, and all is divided by H·W. */
  readonly inverse?: boolean;
}

type Ends = Pick<Transform, "who" | "from" | "to" | "factors">;

function forward(name: string, site: Fft2Site): Ends {
  assertFields(name, site, SITE);
  return { who: nameOf(name, site), from: ["x", site.x], to: ["y", site.y], factors: site.factors };
}

function backward(name: string, site: Fft2GradientSite): Ends {
  assertFields(name, site, GRADIENT_SITE);
  return { who: nameOf(name, site), from: ["dy", site.dy], to: ["dx", site.dx], factors: site.factors };
}

function createTransform(
  device: GPUDevice,
  { who, from, to, factors, direction, inverse = false }: Transform,
): Promise<Command> {
  return createSteps(device, who, (scratch) => {
    const [[picturesName, { shape: pictures }], [spectraName, { shape: spectra }]] =
      direction === "to spectra" ? [from, to] : [to, from];
    const sizes = sizesOf(pictures, who, picturesName);
    const [, h, w] = sizes;
    const expected = spectrumShape(pictures);
    if (formatShape(spectra) !== formatShape(expected)) {
      throw new InputError(
        `${who}: expected ${spectraName} of shape ${formatShape(expected)} (N×H×⌊W/2⌋+1×C×2), got ${formatShape(spectra)}`,
      );
    }
    const frequencies = formatShape(expected.slice(1, 3));
    if (factors && formatShape(factors.shape) !== frequencies) {
      throw new InputError(
        `${who}: expected factors of shape ${frequencies} (H×⌊W/2⌋+1), got ${formatShape(factors.shape)}`,
      );
    }
    if (h > LONGEST || w > LONGEST) {
      throw new UnsupportedError(
        `${who}: expected pictures of at most ${LONGEST} pixels a side, got ${h}×${w}; make them smaller`,
      );
    }
    for (const [name, { dtype }] of [from, to, ...(factors ? [["factors", factors] as const] : [])]) {
      if (dtype === "f32") continue;
      throw new UnsupportedError(
        `${who}: expected ${name} of f32, got ${dtype}; createCast() converts halves`,
      );
    }
    const passes = fft2Passes({ pictures: sizes, direction, inverse, scaled: factors !== undefined });
    const most = Math.max(...passes.slice(0, -1).map(({ results }) => results));
    const between = [scratch([most], "fft"), scratch([most], "fft")] as const;
    const tables = new Map<number, Tensor>();
    const tableOf = (n: number): Tensor => {
      const table = tables.get(n) ?? scratch([n, 2], "fft twiddles", { data: twiddlesOf(n) });
      tables.set(n, table);
      return table;
    };
    const betweenAt = (pass: number): Tensor => between[pass % 2 === 0 ? 0 : 1];
    return passes.map((pass, index): Step => {
      const twiddles = tableOf(pass.table);
      return {
        ...pass,
        params: { ...pass.params, threads: pass.threads },
        bindings: {
          x: index === 0 ? from[1] : betweenAt(index - 1),
          twiddles,
          ...(pass.factors ? { factors: factors ?? twiddles } : {}),
          y: index === passes.length - 1 ? to[1] : betweenAt(index),
        },
        workgroups: gridOf(Math.ceil(pass.threads / 64)),
      };
    });
  });
}

function sizesOf(shape: Shape, who: string, name: string): [n: number, h: number, w: number, c: number] {
  const [n = 0, h = 0, w = 0, c = 0] = shape;
  if (shape.length === 4 && sizeOf(shape) > 0) return [n, h, w, c];
  throw new InputError(
    `${who}: expected ${name} of shape N×H×W×C without an empty axis, got ${formatShape(shape)}`,
  );
}
function nameOf(name: string, { label }: { readonly label?: string | undefined }): string {
  return label ? `${name} "${label}"` : name;
}
