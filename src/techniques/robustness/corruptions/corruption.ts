import type { Pixels } from "../../../images/pixels.ts";

/** The published sets of constants: of ImageNet-C (pictures of about 224 pixels) and of CIFAR-10-C (32 pixels). */
export type CorruptionSet = "imagenet" | "cifar";

/** The constants of severities 1 to 5. */
export type Severities = readonly [
  readonly number[],
  readonly number[],
  readonly number[],
  readonly number[],
  readonly number[],
];

/** What a kind of corruption is given. */
export interface CorruptionSite {
  readonly device: GPUDevice;
  readonly pixels: Pixels;
  /** Those of the severity, as the paper's program lists them. */
  readonly constants: readonly number[];
  readonly set: CorruptionSet;
  readonly seed: number;
  /** Pictures of frost, to take for what is grown. */
  readonly frosts?: readonly Pixels[] | undefined;
}

/** A kind of corruption of ImageNet-C. */
export interface Corruption {
  /** For options: "gaussian-noise". */
  readonly name: string;
  /** For people: "Gaussian noise". */
  readonly title: string;
  /** True for the four kinds beside the fifteen of the benchmark. */
  readonly extra?: true;
  readonly sets: Readonly<Record<CorruptionSet, Severities>>;
  /** How the result differs from the published program's, where it does. */
  readonly deviation?: string;
  apply(site: CorruptionSite): Promise<Pixels>;
}
