import { InputError } from "../gpu/errors.ts";
import { nearest } from "../gpu/options.ts";

/** The technique of a name in a list. @throws InputError that lists the names. */
export function named<T extends { readonly name: string }>(
  what: string,
  techniques: readonly T[],
  name: string,
): T {
  const found = techniques.find((technique) => technique.name === name);
  if (found) return found;
  const names = techniques.map((technique) => technique.name);
  const near = nearest(name, names);
  throw new InputError(
    `${what}: expected one of ${names.join(", ")}, got "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`,
  );
}
