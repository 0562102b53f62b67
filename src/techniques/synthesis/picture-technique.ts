import { InputError } from "../../gpu/errors.ts";
import { assertFields } from "../../gpu/options.ts";
import type { OutputRange } from "../../graph/graph.ts";
import type { Pixels } from "../../images/pixels.ts";
import type { Networks } from "../../network/pool.ts";
import type { LoopOptions } from "../../sampling/batches.ts";
import type { TechniqueOption } from "../attribution/options.ts";
import type { Paper } from "../attribution/technique.ts";
import { assertPool } from "../robustness/attack-pictures.ts";
import { greyOf } from "./emptiness.ts";
import type { StyleLoss, StyleOptimiser } from "./style-terms.ts";
import type { LiveSynthesis, MadePicture } from "./synthesis.ts";

/** What a technique of pictures is asked: what its `asks` lists. */
export interface PictureRequest {
  readonly picture: Pixels;
  /** What guides a dream, or whose style is taken. */
  readonly secondPicture?: Pixels | undefined;
  /** Layers by name. */
  readonly layers?: readonly string[] | undefined;
  /** Layers by name, whose activations stay. */
  readonly contentLayers?: readonly string[] | undefined;
}

/** What a technique of pictures can be asked. */
export type AskedOfPicture = keyof PictureRequest;

/** The options of all techniques of pictures. Each reads those that its `options` lists, and those of a loop. */
export interface PictureOptions extends LoopOptions {
  /** Called with the pictures as they come about, of techniques that take steps. */
  readonly onPicture?: ((live: LivePicture) => void) | undefined;
  /** Seed of every random number, 0 to 2³² − 1. Default 0. */
  readonly seed?: number | undefined;
  /** Number of steps. */
  readonly steps?: number | undefined;
  /** Sizes at which it dreams, from small to large. */
  readonly octaves?: number | undefined;
  /** The ratio of one size to the next. */
  readonly scale?: number | undefined;
  /** How far a step goes. */
  readonly rate?: number | undefined;
  /** Pixels by which the picture is rolled before each step. */
  readonly jitter?: number | undefined;
  /** Weight of the total variation. */
  readonly variation?: number | undefined;
  readonly loss?: StyleLoss | undefined;
  readonly pools?: "average" | "max" | undefined;
  readonly optimiser?: StyleOptimiser | undefined;
  readonly contentWeight?: number | undefined;
  readonly styleWeight?: number | undefined;
  /** Side of the windows that are compared. */
  readonly window?: number | undefined;
  /** Pixels by which the picture is continued on every side. */
  readonly border?: number | undefined;
  /** What a style begins as: noise about the mean color, or the picture. Default "noise". */
  readonly init?: "noise" | "content" | undefined;
  /** A style network's numbers for black and for white. Default: what its file declares. */
  readonly output?: OutputRange | undefined;
}

/** Pictures that come about: a synthesis, where steps need not be counted. */
export type LivePicture = Omit<LiveSynthesis, "step"> & Partial<Pick<LiveSynthesis, "step">>;

/** The options that belong to some techniques only. */
export type PictureOption = Exclude<
  keyof PictureOptions,
  keyof LoopOptions | "onPicture" | "seed" | "init" | "output"
>;

/** The options of one technique. */
export type PictureOptionList = {
  readonly [K in PictureOption]?: TechniqueOption<NonNullable<PictureOptions[K]>>;
};

/** What was made of a picture. */
export interface PictureResult {
  /** Name of the technique. */
  readonly technique: string;
  readonly pictures: readonly MadePicture[];
}

/** A technique that makes pictures from a picture, as its file registers it: what a command line, a menu or a table needs of it. */
export interface PictureTechnique {
  /** Short: lower case and hyphens. */
  readonly name: string;
  readonly title: string;
  readonly paper: Paper;
  /** One sentence that says what it makes. */
  readonly summary: string;
  readonly asks: readonly AskedOfPicture[];
  /** The command that runs it: "texture --method gram". */
  readonly command: string;
  /** The options that it reads, beside those of a loop and the seed. */
  readonly options: PictureOptionList;
  /** True where the network is a style network, from a picture to a picture. */
  readonly draws?: true;
  /**
   * Makes pictures.
   * @throws InputError for an option out of range, or something that the network does not have; DivergedError when a picture
   * becomes NaN or infinite; UnsupportedError for a network that the technique is not defined on.
   */
  run(networks: Networks, request: PictureRequest, options?: PictureOptions): Promise<PictureResult>;
}

/** What runs a technique, with nothing missing that it asks. */
type Run = (
  networks: Networks,
  request: Required<{ [K in keyof PictureRequest]: NonNullable<PictureRequest[K]> }>,
  options: PictureOptions,
) => Promise<readonly MadePicture[]>;

/** Registers a technique: the only place that knows it, beside its line in the list. */
export function pictureTechnique(
  technique: Omit<PictureTechnique, "run"> & { readonly run: Run },
): PictureTechnique {
  const { name, asks } = technique;
  const known = Object.fromEntries(asks.map((asked) => [asked, "must"] as const));
  return {
    ...technique,
    async run(networks, request, options = {}) {
      assertPool(name, networks);
      assertFields(`${name} request`, request, known);
      for (const asked of ["layers", "contentLayers"] as const) {
        if (!asks.includes(asked) || request[asked]?.length) continue;
        throw new InputError(`${name} request: expected a list of ${wordsOf(asked)}, got none`);
      }
      const pictures = await technique.run(networks, request as Parameters<Run>[1], options);
      return { technique: name, pictures: pictures.map((made) => ({ ...made, ...greyOf(made) })) };
    },
  };
}

/** What is asked in words: "second picture". */
export function wordsOf(asked: AskedOfPicture): string {
  return asked.replace(/[A-Z]/, (letter) => ` ${letter.toLowerCase()}`);
}
