import type { Values } from "./values.ts";

const SYNTHETIC = "synthetic:";

/** The images that a command line names, those without --image first. */
export function namesOf(values: Values, more: readonly string[]): readonly string[] {
  return [...more, ...values.all("image")];
}

/** Whether a picture of the shipped data set is meant, "synthetic:3". */
export const isSynthetic = (name: string): boolean => name.startsWith(SYNTHETIC);

/** The number of a picture of the shipped data set, as it was written. */
export const syntheticNumber = (name: string): string => name.slice(SYNTHETIC.length);

/** Whether a file holds an array. */
export const isArray = (name: string): boolean => name.toLowerCase().endsWith(".npy");
