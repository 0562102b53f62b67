import { counted, pairIn, type Slice, wholeIn } from "./slice.ts";

/** The subject of questions: an output, one of its classes, and another beside it. */
export interface SubjectState {
  /** The output that is asked, by name; undefined: the network's first. */
  readonly output: string | undefined;
  /** A class, or the selected channel or voxel; undefined: the top class. */
  readonly target: number | "unit" | undefined;
  /** A second class beside it; "second": the strongest but the target. */
  readonly versus: number | "second" | undefined;
  /** The pixel of the input where the target is asked, a class of an output with scores at places; undefined: all that has it. */
  readonly at: readonly [y: number, x: number] | undefined;
}

const defaults: SubjectState = { output: undefined, target: undefined, versus: undefined, at: undefined };

export const subject: Slice<SubjectState> = {
  defaults,
  withNetwork: defaults,
  read(fields) {
    const target = fields.get("target") === "unit" ? "unit" : wholeIn(fields.get("target"));
    const at = pairIn(fields.get("at"));
    return {
      output: fields.get("output") ?? undefined,
      target,
      versus: fields.get("versus") === "second" ? "second" : wholeIn(fields.get("versus")),
      at: typeof target === "number" ? at : undefined,
    };
  },
  write({ output, target, versus, at }, put) {
    put("output", output);
    put("target", target);
    put("versus", versus);
    put("at", at?.join(","));
  },
  /** A place belongs to a class, and both to the picture where they were pointed at. */
  follow({ output, target, at }, before, change) {
    if (!at) return {};
    if (typeof target !== "number") return { at: undefined };
    if ("at" in change) return {};
    if ("image" in change) return { target: undefined, at: undefined };
    return output === before.output ? {} : { at: undefined };
  },
  admit(state, { outputs, exhibits }) {
    const refused: string[] = [];
    let change: Partial<SubjectState> = {};
    const output = outputs.find(({ name }) => name === state.output);
    if (state.output !== undefined && !output) {
      refused.push(`This network has no output “${state.output}”.`);
      change = { output: undefined };
    }
    const { classes, kind } = output ?? outputs[0] ?? { classes: 0 };
    for (const key of ["target", "versus"] as const) {
      const asked = state[key];
      if (typeof asked !== "number" || asked < classes) continue;
      refused.push(`The output has ${counted(classes, "class", "classes")}; there is no class ${asked}.`);
      change = { ...change, [key]: undefined };
    }
    if (state.at && typeof state.target === "number") {
      const [y, x] = state.at;
      const [height, width] = exhibits.find((exhibit) => exhibit.kind === "picture")?.size ?? [0, 0];
      const pixel = y < height && x < width;
      if (kind !== "places") refused.push("The output has no scores at places: a class is asked as a whole.");
      else if (!pixel)
        refused.push(`The image has ${height} × ${width} pixels; there is none at (y ${y}, x ${x}).`);
      if (kind !== "places" || !pixel || "target" in change) change = { ...change, at: undefined };
    }
    return { change, refused };
  },
};
