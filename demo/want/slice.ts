import { counted, oneOf, type Slice, wholeIn } from "../state/slice.ts";

import { DREAMS, FIRST } from "./dreams.ts";

/** What can be asked for: a picture for one unit, the picture that is shown with more of a layer in it, one for each channel. */
export const ASKS = ["dream", "deep-dream", "wall"] as const;
export type Ask = (typeof ASKS)[number];

/** The numbers of steps that are offered. */
export const STEPS = [16, 32, 64, 128, 256, 512] as const;
const MOST_STEPS = 10_000;

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
}

const defaults: WantState = { want: [], of: undefined, by: FIRST, steps: undefined, seed: 0 };

export const wantSlice: Slice<WantState> = {
  defaults,
  withNetwork: { want: [], of: undefined },
  read(fields) {
    const asked = (fields.get("want") ?? "").split(",");
    const steps = wholeIn(fields.get("steps"));
    return {
      want: ASKS.filter((ask) => asked.includes(ask)),
      of: fields.get("of") === "answer" ? "answer" : wholeIn(fields.get("of")),
      by: oneOf(
        fields.get("by"),
        DREAMS.map(({ name }) => name),
        defaults.by,
      ),
      steps: steps !== undefined && steps >= 1 && steps <= MOST_STEPS ? steps : undefined,
      seed: wholeIn(fields.get("seed")) ?? defaults.seed,
    };
  },
  write({ want, of, by, steps, seed }, put) {
    put("want", want.join(",") || undefined);
    put("of", of);
    put("by", by, defaults.by);
    put("steps", steps);
    put("seed", seed, defaults.seed);
  },
  admit({ of }, { outputs }) {
    // The classes are those of the output that is asked by default, or of another: the largest has them all.
    const classes = Math.max(0, ...outputs.map((output) => output.classes));
    if (typeof of !== "number" || of < classes) return { change: {}, refused: [] };
    return {
      change: { of: undefined },
      refused: [`The output has ${counted(classes, "class", "classes")}; there is no class ${of}.`],
    };
  },
};
