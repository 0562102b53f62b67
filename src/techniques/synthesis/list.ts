import { InputError } from "../../gpu/errors.ts";
import { nearest } from "../../gpu/options.ts";
import { ACCENTUATION } from "./accentuation.ts";
import { CARICATURE } from "./caricature.ts";
import { CLASS_IMAGE } from "./class-image.ts";
import { FEATURE_VISUALIZATION } from "./feature-visualization.ts";
import { MACO } from "./maco.ts";
import type { SynthesisTechnique } from "./technique.ts";
import { YOSINSKI } from "./yosinski.ts";

/** Every technique that makes pictures of what a network would like to see, in the order in which people meet them. */
export const SYNTHESES: readonly SynthesisTechnique[] = [
  CLASS_IMAGE,
  YOSINSKI,
  FEATURE_VISUALIZATION,
  MACO,
  ACCENTUATION,
  CARICATURE,
];

/** The technique of a name. @throws InputError that lists the names. */
export function synthesisNamed(name: string): SynthesisTechnique {
  const found = SYNTHESES.find((technique) => technique.name === name);
  if (found) return found;
  const names = SYNTHESES.map((technique) => technique.name);
  const near = nearest(name, names);
  throw new InputError(
    `synthesis: expected one of ${names.join(", ")}, got "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`,
  );
}
