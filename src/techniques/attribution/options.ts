import type { Fields } from "../../gpu/options.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import type { InputColor } from "../../images/color.ts";
import { COMPOSITES, type CompositeName } from "../../relevance/rules.ts";
import type { LoopOptions } from "../../sampling/batches.ts";
import type { MemoryOptions } from "../../sampling/budget.ts";
import { EXPLAIN, type ObjectiveOptions, type Picture } from "../question.ts";

/** The image at which a path begins: a colour, a blurred copy of the image, or an image of one's own. */
export type Baseline = InputColor | "blur" | { readonly image: Picture };

/** The options of all attribution techniques. Each technique reads those that its `options` lists, and what all share. */
export interface AttributionOptions extends ObjectiveOptions, LoopOptions, MemoryOptions {
  /** The CAMs: the layer whose maps are weighed. Default: the last layer with more than one pixel. */
  readonly layer?: string | undefined;
  /** The score of a class. Default: the technique's `on`. */
  readonly on?: "logit" | "probability" | undefined;
  /** Number of noisy copies, random masks, or copies with hidden segments. */
  readonly samples?: number | undefined;
  /** Standard deviation of the noise as a fraction of the input's max − min. */
  readonly noise?: number | undefined;
  /** Number of points along a path. */
  readonly steps?: number | undefined;
  /** Numerical saliency: how far values are moved up and down, as a fraction of the input's max − min. */
  readonly step?: number | undefined;
  /** Integrated gradients: how far the sum may be off, as a share of the difference, before the steps are doubled. */
  readonly tolerance?: number | undefined;
  /** The image at which a path begins. */
  readonly baseline?: Baseline | undefined;
  /** LRP: the rules by which layers redistribute relevance. */
  readonly rules?: CompositeName | undefined;
  /** LRP: layers for which it is not defined and that shall pass relevance on, or "all" of them. */
  readonly pass?: readonly string[] | "all" | undefined;
  /** Seed of noise and masks. */
  readonly seed?: number | undefined;
  /** Side of the covering patch, or of the square that is varied, in pixels. */
  readonly patch?: number | undefined;
  /** Pixels from one patch to the next. */
  readonly stride?: number | undefined;
  /** Colour of the patch or of hidden parts. */
  readonly fill?: InputColor | undefined;
  /** LIME: the colour that hides a segment; "segment" is its own mean colour. */
  readonly hide?: "segment" | InputColor | undefined;
}

export const ATTRIBUTION: Fields<AttributionOptions> = {
  ...{ ...EXPLAIN },
  ...{ layer: "may", on: "may", samples: "may", noise: "may", steps: "may", step: "may", tolerance: "may" },
  ...{
    baseline: "may",
    rules: "may",
    pass: "may",
    seed: "may",
    patch: "may",
    stride: "may",
    fill: "may",
    hide: "may",
  },
};

/** The options that belong to some techniques only. */
export type AttributionOption = Exclude<
  keyof AttributionOptions,
  "target" | "output" | "region" | "inputs" | "signal" | "onProgress" | "memory"
>;

/** The values that an option may have. */
export type OptionType =
  | { readonly kind: "whole"; readonly from: number; readonly to: number }
  | { readonly kind: "number" }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  /** A number, one number a channel, or a word. */
  | { readonly kind: "color"; readonly words: readonly string[] }
  /** A layer of the network, by name. */
  | { readonly kind: "layer" }
  /** Several layers, by name, or a word that stands for some. */
  | { readonly kind: "layers"; readonly words: readonly string[] };

/** An option of a technique: its type, its default, and its help. */
export interface TechniqueOption<T = unknown> {
  readonly type: OptionType;
  /** Absent where the default follows from the image or the network. */
  readonly default?: T | undefined;
  /** The default in words, where the value does not say it. */
  readonly otherwise?: string | undefined;
  /** One or two sentences that say what the option sets. */
  readonly help: string;
  /** The name of what a whole number counts, for captions: "masks". */
  readonly counts?: string;
}

/** The options of one technique. */
export type TechniqueOptions = {
  readonly [K in AttributionOption]?: TechniqueOption<NonNullable<AttributionOptions[K]>>;
};

const COLORS = ["mean", "black", "grey", "white"];

export const ON = {
  type: { kind: "choice", of: ["logit", "probability"] },
  default: "logit",
  help: "The score that is explained: the class's logit, or its probability after the softmax or sigmoid.",
} as const satisfies TechniqueOption<"logit" | "probability">;

export const LAYER_OF_MAPS = {
  type: { kind: "layer" },
  otherwise: "the last layer with more than one pixel",
  help: "The layer whose maps are weighed.",
} as const satisfies TechniqueOption<string>;

export const SEED = {
  type: { kind: "whole", from: 0, to: LARGEST_U32 },
  default: 0,
  help: "Seed of the random numbers. The same seed gives the same result.",
} as const satisfies TechniqueOption<number>;

export const FILL = {
  type: { kind: "color", words: COLORS },
  default: "mean",
  help: "The colour of the patch or of hidden parts: black, grey, white, mean (the mean pixel of the data set or, where the preprocessing subtracts none, of the image), or a number or one a channel (r,g,b) in units of the network's input.",
} as const satisfies TechniqueOption<InputColor>;

export const HIDE = {
  type: { kind: "color", words: [...COLORS, "segment"] },
  default: "segment",
  help: "The colour that hides a segment: segment (the segment's own mean), mean, black, grey, white, or a number or one a channel in units of the network's input. In a drawing of flat colours the segment's own mean hides nothing.",
} as const satisfies TechniqueOption<"segment" | InputColor>;

export const BASELINE = {
  type: { kind: "color", words: [...COLORS, "blur"] },
  default: "black",
  help: "The image at which the path begins: black, grey, white, mean, blur (the image itself, blurred), or a number or one a channel in units of the network's input.",
} as const satisfies TechniqueOption<Baseline>;

export const RULES = {
  type: { kind: "choice", of: Object.keys(COMPOSITES) },
  default: "composite",
  help: "The rules by which layers redistribute relevance: composite (z-box at the image, gamma in convolutions, epsilon above), epsilon, gamma or z-plus.",
} as const satisfies TechniqueOption<CompositeName>;

export const PASS = {
  type: { kind: "layers", words: ["all"] },
  otherwise: "none: such a layer is refused by name",
  help: "Layers for which LRP is not defined (hard swish, sigmoid, normalisations) and that shall pass relevance on as it comes: names with commas between, or all for all such layers. A product passes it to the factor that is no gate. Products of matrices, as in attention, stay refused.",
} as const satisfies TechniqueOption<readonly string[] | "all">;
