import { ATTACKS, FOOLINGS } from "../../src/robustness.ts";
import { PICTURE_TECHNIQUES } from "../../src/synthesis.ts";
import { isSample, type SampleName } from "../samples.ts";
import { counted, oneOf, type Slice, wholeIn } from "../state/slice.ts";
import { DREAMS, FIRST } from "./dreams.ts";

/**
 * What can be asked for: a picture for one unit, one for each channel of a layer, what techniques make of the picture that is
 * shown, and what misleads the network. Each has a card.
 */
export const ASKS: readonly string[] = [
  "dream",
  "wall",
  ...PICTURE_TECHNIQUES.map(({ name }) => name),
  "fooling",
  "attack",
];
export type Ask = string;

/** The numbers of steps that are offered. */
export const STEPS = [16, 32, 64, 128, 256, 512] as const;
const MOST_STEPS = 10_000;

/** The distances of an attack that are offered, in units of 1/255. */
export const EPSILONS = [1, 2, 4, 8, 16, 32] as const;

/** The ways to a fooling picture: those of the library, and by gradient from the picture that is shown. */
export const FROM_PICTURE = "picture";
export const WAYS_TO_FOOL: readonly string[] = [...FOOLINGS.map(({ name }) => name), FROM_PICTURE];

/** A second picture of one's own, which no address can bring back. */
export const OWN = "own";

/** What is asked for, and how the pictures grow. */
export interface WantState {
  readonly want: readonly Ask[];
  /** The class that is asked about; "answer": the one that all questions are about; undefined: what is selected, if it is a unit. */
  readonly of: number | "answer" | undefined;
  /** The technique by which a picture grows. */
  readonly by: string;
  /** Its steps; undefined: as many as suit the adapter. */
  readonly steps: number | undefined;
  readonly seed: number;
  /** The second picture, for techniques that ask one: of the data set, or one's own. */
  readonly second: SampleName | typeof OWN;
  /** The way to a fooling picture. */
  readonly fooling: string;
  readonly attack: string;
  /** How far the attack may go, in units of 1/255. */
  readonly epsilon: number;
  /** The class that the attack wants; undefined: any other. */
  readonly to: number | undefined;
}

const defaults: WantState = {
  ...{ want: [], of: undefined, by: FIRST, steps: undefined, seed: 0 },
  // Bricks, which make a style that one knows again.
  ...{ second: "24029", fooling: "gradient", attack: "pgd", epsilon: 8, to: undefined },
};

export const wantSlice: Slice<WantState> = {
  defaults,
  withNetwork: { want: [], of: undefined, to: undefined },
  read(fields) {
    const asked = (fields.get("want") ?? "").split(",");
    const steps = wholeIn(fields.get("steps"));
    const second = fields.get("with") ?? undefined;
    const epsilon = wholeIn(fields.get("epsilon"));
    const named = (name: string, all: readonly { readonly name: string }[], otherwise: string) =>
      oneOf(
        fields.get(name),
        all.map((one) => one.name),
        otherwise,
      );
    return {
      want: ASKS.filter((ask) => asked.includes(ask)),
      of: fields.get("of") === "answer" ? "answer" : wholeIn(fields.get("of")),
      by: named("by", DREAMS, defaults.by),
      steps: steps !== undefined && steps >= 1 && steps <= MOST_STEPS ? steps : undefined,
      seed: wholeIn(fields.get("seed")) ?? defaults.seed,
      second: isSample(second) ? second : defaults.second,
      fooling: oneOf(fields.get("fooling"), WAYS_TO_FOOL, defaults.fooling),
      attack: named("attack", ATTACKS, defaults.attack),
      epsilon: epsilon !== undefined && epsilon >= 1 && epsilon <= 255 ? epsilon : defaults.epsilon,
      to: wholeIn(fields.get("to")),
    };
  },
  write({ want, of, by, steps, seed, second, fooling, attack, epsilon, to }, put) {
    put("want", want.join(",") || undefined);
    put("of", of);
    put("by", by, defaults.by);
    put("steps", steps);
    put("seed", seed, defaults.seed);
    put("with", second === OWN ? undefined : second, defaults.second);
    put("fooling", fooling, defaults.fooling);
    put("attack", attack, defaults.attack);
    put("epsilon", epsilon, defaults.epsilon);
    put("to", to);
  },
  admit(state, { outputs }) {
    // The classes are those of the output that is asked by default, or of another: the largest has them all.
    const classes = Math.max(0, ...outputs.map((output) => output.classes));
    let change: Partial<WantState> = {};
    const refused: string[] = [];
    for (const key of ["of", "to"] as const) {
      const asked = state[key];
      if (typeof asked !== "number" || asked < classes) continue;
      change = { ...change, [key]: undefined };
      refused.push(`The output has ${counted(classes, "class", "classes")}; there is no class ${asked}.`);
    }
    return { change, refused };
  },
};
