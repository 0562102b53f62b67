import { InputError } from "../gpu/errors.ts";
import type { Layer } from "../graph/graph.ts";
import type { Part, Sign } from "../kernels/relevance.ts";

/**
 * The redistribution of the relevance of a layer's outputs among its inputs, where the outputs are z = Σ x·w + b:
 * - "epsilon": by x·w / (z ± ε) (Bach et al. 2015, eq. 58);
 * - "gamma": the same by weights w + γ·w⁺, which favours what speaks for an output (Montavon et al. 2019, section 10.2.1).
 *   Where x or z is negative the parts change their roles, so that no z comes nearer to zero;
 * - "zPlus": by what is positive of x·w, the biases apart (α1β0: Bach et al. 2015, eq. 60; Montavon et al. 2017, z⁺);
 * - "zBox": by x·w − low·w⁺ − high·w⁻, the biases apart: for layers that read the image, whose values lie between `low` and
 *   `high` (Montavon et al. 2017, zᴮ).
 *
 * `epsilon` is in units of z. Default 1e-3 for the rule of that name: a thousand times the rounding of a z of float32, which
 * is what it would amplify otherwise, where large contributions cancel. Else 1e-9: only against a division by zero.
 */
export type RelevanceRule =
  | { readonly kind: "epsilon"; readonly epsilon?: number }
  | { readonly kind: "gamma"; readonly gamma?: number; readonly epsilon?: number }
  | { readonly kind: "zPlus"; readonly epsilon?: number }
  | {
      readonly kind: "zBox";
      /** A value for each channel. Default: what black becomes by the graph's preprocessing. */
      readonly low?: readonly number[] | undefined;
      /** Default: what white becomes. */
      readonly high?: readonly number[] | undefined;
      readonly epsilon?: number | undefined;
    };

/**
 * A rule and the layers that it is for:
 * - "image": those with weights that read the image;
 * - "output": the output layers, which have weights, and no weights between them and where the pass starts;
 * - "convolution", "dense": by their op;
 * - "any": every layer that redistributes relevance, sums and averages among them;
 * - names, as in `network.graph`, of the layer or of what is folded into it;
 * - or whatever a function of the layer says, as it runs folded.
 */
export interface RuleCase {
  readonly at:
    | "image"
    | "output"
    | "convolution"
    | "dense"
    | "any"
    | readonly string[]
    | ((layer: Layer) => boolean);
  readonly rule: RelevanceRule;
}

/** Rules for a whole network: of the cases that fit a layer, the first counts. */
export type Composite = readonly RuleCase[];

const EVERYWHERE = <const R extends RelevanceRule>(rule: R) => [{ at: "any", rule }] as const;

/**
 * Composites by name. "composite" is what Montavon et al. 2019 (section 10.3) recommend: z-box at the image, γ in the
 * convolutions, ε at the scores and in dense layers. The others have one rule everywhere.
 */
export const COMPOSITES = {
  composite: [
    { at: "image", rule: { kind: "zBox" } },
    { at: "output", rule: { kind: "epsilon" } },
    { at: "convolution", rule: { kind: "gamma", gamma: 0.25 } },
    { at: "any", rule: { kind: "epsilon" } },
  ],
  epsilon: EVERYWHERE({ kind: "epsilon" }),
  gamma: EVERYWHERE({ kind: "gamma", gamma: 0.25 }),
  "z-plus": EVERYWHERE({ kind: "zPlus" }),
} as const satisfies Record<string, Composite>;

export type CompositeName = keyof typeof COMPOSITES;

/** The composite of a name. @throws InputError that lists the names. */
export function compositeNamed(name: string): Composite {
  if (Object.hasOwn(COMPOSITES, name)) return COMPOSITES[name as CompositeName];
  throw new InputError(`LRP: expected rules of ${Object.keys(COMPOSITES).join(", ")}, got "${name}"`);
}

/** A weight's factor where it is positive and where it is negative. */
export interface Slopes {
  readonly up: number;
  readonly down: number;
}

/** The factors of one part of the input; "low" and "high" are the bounds of the z-box in the input's place. */
export interface RuleTerm {
  readonly part: Part | "low" | "high";
  readonly w: Slopes;
}

/** A rule for the outputs of one sign, which redistribute their relevance by the sum of the terms. */
export interface RuleBranch {
  readonly sign: Sign;
  readonly terms: readonly RuleTerm[];
  /** Absent: the bias takes no share. */
  readonly b?: Slopes | undefined;
}

/**
 * A rule as sums of products that any linear layer can compute.
 * @param input whether the layer's inputs may be negative; `output`: whether its pre-activation may where it is relevant.
 */
export function branchesOf(
  rule: RelevanceRule,
  { input, output }: { readonly input: boolean; readonly output: boolean },
): readonly RuleBranch[] {
  const split = (positive: Slopes, negative: Slopes): RuleTerm[] =>
    input
      ? [
          { part: "positive", w: positive },
          { part: "negative", w: negative },
        ]
      : [{ part: "all", w: positive }];
  switch (rule.kind) {
    case "epsilon":
      return [{ sign: "any", terms: [{ part: "all", w: SAME }], b: SAME }];
    case "zPlus":
      return [{ sign: "any", terms: split({ up: 1, down: 0 }, { up: 0, down: 1 }) }];
    case "zBox":
      return [
        {
          sign: "any",
          terms: [
            { part: "all", w: SAME },
            { part: "low", w: { up: -1, down: 0 } },
            { part: "high", w: { up: 0, down: -1 } },
          ],
        },
      ];
    case "gamma": {
      const more = 1 + gammaOf(rule);
      const upward = { up: more, down: 1 };
      const downward = { up: 1, down: more };
      const positive: RuleBranch = {
        sign: output ? "positive" : "any",
        terms: split(upward, downward),
        b: upward,
      };
      return output
        ? [positive, { sign: "negative", terms: split(downward, upward), b: downward }]
        : [positive];
    }
  }
}

/** Weights as they are. */
export const SAME: Slopes = { up: 1, down: 1 };

/** Values with their slopes; the same array where nothing changes. */
export function sloped(values: Float32Array, { up, down }: Slopes): Float32Array {
  if (up === 1 && down === 1) return values;
  return values.map((value) => value * (value > 0 ? up : down));
}

function gammaOf({ gamma = 0.25 }: { readonly gamma?: number }): number {
  if (!(gamma >= 0 && gamma < Number.POSITIVE_INFINITY)) {
    throw new InputError(`LRP rule "gamma": expected a gamma of at least 0, got ${gamma}`);
  }
  return gamma;
}

/** @throws InputError when it is negative or not finite. */
export function epsilonOf(rule: RelevanceRule): number {
  const { kind, epsilon = kind === "epsilon" ? 1e-3 : 1e-9 } = rule;
  if (!(epsilon >= 0 && epsilon < Number.POSITIVE_INFINITY)) {
    throw new InputError(`LRP rule "${kind}": expected an epsilon of at least 0, got ${epsilon}`);
  }
  return epsilon;
}
