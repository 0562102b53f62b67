import type { TechniqueOption } from "../../src/index.ts";
import type { Session } from "../session.ts";
import type { Subject } from "../subjects.ts";
import type { Dream } from "./dreams.ts";

/** How the picture of a unit grows. */
export interface Growth {
  readonly technique: Dream;
  readonly steps: number;
  readonly seed: number;
  /** Number of the picture that was shown, of techniques that begin with one. */
  readonly shown: number | undefined;
}

/** The most steps of anything that a software adapter grows while somebody waits. */
const MOST_ON_SOFTWARE = 48;

/** Steps of a technique where nobody chose any; a software adapter takes fewer. */
export function usualSteps(
  { options }: { readonly options: { readonly steps?: TechniqueOption<number> } },
  software: boolean,
): number {
  const usual = options.steps?.default ?? 256;
  return software ? Math.min(MOST_ON_SOFTWARE, usual) : usual;
}

/** A subject as a part of a key. */
export function subjectKey(subject: Subject): string {
  return typeof subject === "number"
    ? String(subject)
    : [subject.layer, subject.channel, subject.y ?? "", subject.x ?? ""].join(":");
}

/** Settings of a technique with which it works on a software adapter while somebody waits. */
export function quickestOf({ options }: Dream): { readonly crops?: number } {
  return "crops" in options ? { crops: 6 } : {};
}

/** The sizes at which the picture that is shown is dreamt of: their number, and the longer side of the largest. */
export function dreamSizes({ software, inputSize: [height, width] }: Session): {
  readonly octaves: number;
  readonly longest: number;
} {
  return software
    ? { octaves: 2, longest: Math.max(height, width) }
    : { octaves: 3, longest: Math.max(height, width, 512) };
}
