import { counted, type Slice, wholeIn } from "./slice.ts";

/** The subject of questions: an output, one of its classes, and another beside it. */
export interface SubjectState {
  /** The output that is asked, by name; undefined: the network's first. */
  readonly output: string | undefined;
  /** A class, or the selected channel or voxel; undefined: the top class. */
  readonly target: number | "unit" | undefined;
  /** A second class beside it; "second": the strongest but the target. */
  readonly versus: number | "second" | undefined;
}

const defaults: SubjectState = { output: undefined, target: undefined, versus: undefined };

export const subject: Slice<SubjectState> = {
  defaults,
  withNetwork: defaults,
  read: (fields) => ({
    output: fields.get("output") ?? undefined,
    target: fields.get("target") === "unit" ? "unit" : wholeIn(fields.get("target")),
    versus: fields.get("versus") === "second" ? "second" : wholeIn(fields.get("versus")),
  }),
  write({ output, target, versus }, put) {
    put("output", output);
    put("target", target);
    put("versus", versus);
  },
  admit(state, { outputs }) {
    const refused: string[] = [];
    let change: Partial<SubjectState> = {};
    const output = outputs.find(({ name }) => name === state.output);
    if (state.output !== undefined && !output) {
      refused.push(`This network has no output “${state.output}”.`);
      change = { output: undefined };
    }
    const { classes } = output ?? outputs[0] ?? { classes: 0 };
    for (const key of ["target", "versus"] as const) {
      const asked = state[key];
      if (typeof asked !== "number" || asked < classes) continue;
      refused.push(`The output has ${counted(classes, "class", "classes")}; there is no class ${asked}.`);
      change = { ...change, [key]: undefined };
    }
    return { change, refused };
  },
};
