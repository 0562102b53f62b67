import type { Picture } from "../../images/picture.ts";
import type { Networks } from "../../network/pool.ts";
import type { LoopOptions } from "../../sampling/batches.ts";
import type { TechniqueOption } from "../attribution/options.ts";
import type { Paper } from "../attribution/technique.ts";
import type { EvolutionState, FoolingOptions, FoolingPicture } from "./fooling-picture.ts";

/** The options of all ways to fool a network. Each reads those that its `options` lists, and what all share. */
export interface FoolingSettings extends FoolingOptions, Pick<LoopOptions, "signal"> {
  /** The picture to begin with, of a way that is `startable`. */
  readonly from?: Picture | undefined;
  readonly seed?: number | undefined;
  /** The most steps for each class. */
  readonly steps?: number | undefined;
  /** The most generations of an evolution. */
  readonly generations?: number | undefined;
  /** Pictures in a generation. */
  readonly children?: number | undefined;
  /** Pictures of an evolution in one forward pass; they stay the same. Default 16. */
  readonly batch?: number | undefined;
  /** Called with the fraction done, 0 to 1; an evolution also says where it stands. */
  readonly onProgress?: ((fraction: number, state?: EvolutionState) => void | Promise<void>) | undefined;
  /** Called now and then with a picture as far as it is. */
  readonly onPicture?: ((picture: FooledPicture) => void) | undefined;
}

/** The options that belong to some ways only. */
export type FoolingOption = "steps" | "generations" | "children";

/** A fooling picture, and when it was found. */
export type FooledPicture = FoolingPicture & { readonly generation?: number; readonly steps?: number };

/** What fooled a network. */
export interface Fooled {
  /** A picture for each class. */
  readonly pictures: readonly FooledPicture[];
  /** Generations done by an evolution, and pictures that the network saw. */
  readonly generations?: number;
  readonly evaluations?: number;
}

/** A way to fool a network, as its file registers it: what a command line, a menu or a table needs of it. */
export interface FoolingTechnique {
  /** Short, for a command line. */
  readonly name: "gradient" | "cppn" | "direct";
  readonly title: string;
  readonly paper: Paper;
  /** One sentence that says what it makes. */
  readonly summary: string;
  /** The options that it reads, beside those that all share. */
  readonly options: { readonly [K in FoolingOption]?: TechniqueOption<number> };
  /** True where it can begin with a picture, the setting `from`. */
  readonly startable?: true;
  /** Makes pictures. @throws InputError for an option out of range; UnsupportedError for an output without classes. */
  run(networks: Networks, settings?: FoolingSettings): Promise<Fooled>;
}

export const FOOLING_PAPER: Paper = { authors: "Nguyen et al.", year: 2015, arxiv: "1412.1897" };
