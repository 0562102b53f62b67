import { SEQUENTIAL_MAPS } from "../../src/figures.ts";
import { oneOf, type Slice } from "./slice.ts";

/** The colours of values, and of the page. */
export interface LookState {
  readonly colors: (typeof SEQUENTIAL_MAPS)[number];
  /** Undefined: as the system has it. */
  readonly theme: "light" | "dark" | undefined;
}

const defaults: LookState = { colors: "inferno", theme: undefined };

export const look: Slice<LookState> = {
  defaults,
  read: (fields) => ({
    colors: oneOf(fields.get("colors"), SEQUENTIAL_MAPS, defaults.colors),
    theme: oneOf(fields.get("theme"), ["light", "dark"], defaults.theme),
  }),
  write({ colors, theme }, put) {
    put("colors", colors, defaults.colors);
    put("theme", theme);
  },
};
