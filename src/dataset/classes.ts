import { InputError } from "../gpu/errors.ts";

/**
 * Names of numbered classes: as `classes` lists them, or the numbers themselves. A number below 0 is no class.
 * @throws InputError for a number without a name.
 */
export function classNamed(
  number: number,
  classes: readonly string[] | undefined,
  who: string,
): string | undefined {
  if (number < 0) return undefined;
  if (!classes) return String(number);
  const name = classes[number];
  if (name !== undefined) return name;
  throw new InputError(
    `${who}: expected labels of 0 to ${classes.length - 1}, the classes named, got ${number}`,
  );
}
