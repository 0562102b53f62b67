import shader from "../../shaders/fft.wgsl";
import realShader from "../../shaders/fft_real.wgsl";
import realInverseShader from "../../shaders/fft_real_inverse.wgsl";
import type { Step } from "../gpu/steps.ts";

/** A pass of a Fourier transform: a dispatch without its buffers. */
export interface FftPass extends Pick<Step, "shader" | "constants" | "redeclare" | "params"> {
  /** Length of the table of twiddles. */
  readonly table: number;
  /** Threads, 64 a workgroup. */
  readonly threads: number;
  /** Numbers that it writes. */
  readonly results: number;
  /** Whether the shader binds factors. */
  readonly factors: boolean;
}

/** Largest product of primes that a thread transforms at once. */
const MOST = 8;
/** Pairs of outputs of a thread, where a prime has more. */
const PAIRS = 4;

/** Factors of a length, each of which a pass takes: products of at most 8, and larger primes; the largest product first. */
function radicesOf(length: number): number[] {
  const primes: number[] = [];
  for (let rest = length, prime = 2; rest > 1; prime++) {
    for (; rest % prime === 0; rest /= prime) primes.unshift(prime);
  }
  const radices: number[] = [];
  for (const prime of primes) {
    const fits = radices.findIndex((radix) => radix * prime <= MOST);
    if (fits < 0) radices.push(prime);
    else radices[fits] = (radices[fits] ?? 1) * prime;
  }
  const order = (radix: number): number => (radix > MOST ? radix : -radix);
  return radices.length > 0 ? radices.sort((a, b) => order(a) - order(b)) : [1];
}

function kernelOf(radix: number) {
  const pairs = Math.floor(radix / 2) + 1;
  const together = radix > MOST ? PAIRS : pairs;
  return {
    redeclare: { RADIX: `${radix}u`, PAIRS: `${together}u` },
    groups: Math.ceil(pairs / together),
  };
}

/** Lines [outer, length, inner] of complex numbers. */
interface Lines {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly channels: number;
  /** Length of the whole transform. */
  readonly table: number;
  readonly radices: readonly number[];
  readonly sign: -1 | 1;
  readonly scale?: number;
  readonly twins?: number;
  /** Overrides of the first pass, and of the last. */
  readonly first?: Readonly<Record<string, number>>;
  readonly last?: Readonly<Record<string, number>>;
}

/** Transforms of complex numbers along an axis; see fft.wgsl. */
function linePasses(lines: Lines): FftPass[] {
  const { outer, length, inner, channels, table, radices, sign, scale = 1, twins = 1, first, last } = lines;
  let done = 1;
  return radices.map((radix, index) => {
    const { redeclare, groups } = kernelOf(radix);
    const isLast = index === radices.length - 1;
    const pass = {
      shader,
      constants: { ...(index === 0 ? first : {}), ...(isLast ? { LAST: 1, ...last } : {}) },
      redeclare,
      params: { length, inner, channels, table, done, sign, scale: isLast ? scale : 1, twins },
      ...{ table, threads: ((outer * length) / radix) * groups * inner, results: 2 * outer * length * inner },
      factors: true,
    };
    done *= radix;
    return pass;
  });
}

/** Pictures to be transformed, [outer, h, w, channels], to their spectra or from them. */
export interface Fft2Passes {
  readonly pictures: readonly [n: number, h: number, w: number, c: number];
  readonly direction: "to spectra" | "to pictures";
  /** irfft2 or its adjoint: each frequency counts for its mirror image too, and all is divided by H·W. */
  readonly inverse: boolean;
  /** Whether spectra are multiplied by factors. */
  readonly scaled: boolean;
}

/** The passes, in order: rows, then columns; the other way round from spectra to pictures. */
export function fft2Passes({ pictures: [n, h, w, c], direction, inverse, scaled }: Fft2Passes): FftPass[] {
  const toSpectra = direction === "to spectra";
  const sign = toSpectra ? -1 : 1;
  const columns: Lines = {
    ...{ outer: n, length: h, inner: (Math.floor(w / 2) + 1) * c, channels: c, table: h, sign },
    ...{ radices: radicesOf(h), scale: inverse ? 1 / (h * w) : 1 },
  };
  const [radix = 1, ...others] = radicesOf(w);
  const kept = Math.floor(radix / 2) + 1;
  const length = w / radix;
  const rows: Lines = {
    ...{ outer: n * h, length, inner: kept * c, channels: c, table: w, sign },
    radices: others.length > 0 ? others : [1],
  };
  const { redeclare, groups } = kernelOf(radix);
  const real = { redeclare, table: w, threads: n * h * length * groups * c, factors: false };
  const params = { channels: c, table: w };
  return toSpectra
    ? [
        { ...real, shader: realShader, params, results: 2 * n * h * length * kept * c },
        ...linePasses({ ...rows, twins: inverse ? 2 : 1, last: { TO_HALF: 1 } }),
        ...linePasses({ ...columns, last: { FACTORS_OF_Y: Number(scaled) } }),
      ]
    : [
        ...linePasses({ ...columns, first: { FACTORS_OF_X: Number(scaled) } }),
        ...linePasses({ ...rows, twins: inverse ? 1 : 0.5, first: { FROM_HALF: 1 }, last: { TURNED: 1 } }),
        { ...real, shader: realInverseShader, params, results: n * h * w * c },
      ];
}

/** cos and −sin of 2πt/n, computed in double precision. */
export function twiddlesOf(n: number): Float32Array {
  return Float32Array.from({ length: 2 * n }, (_, index) => {
    const angle = (2 * Math.PI * (index >> 1)) / n;
    return index % 2 === 0 ? Math.cos(angle) : -Math.sin(angle);
  });
}
