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
  /** What else it needs, by a name that changes when it does. */
  readonly with: string;
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

/** Settings of a technique beside its steps. */
export interface GrowthSettings {
  readonly crops?: number;
  readonly samples?: number;
  readonly clusters?: number;
}

/** Settings of a technique with which it works while somebody waits: pictures that are seen side by side, fewer on a software adapter. */
export function settingsOf({ options }: Dream, software: boolean): GrowthSettings {
  return {
    ...(software && "crops" in options ? { crops: 6 } : {}),
    ...("samples" in options ? { samples: software ? 2 : 4 } : {}),
    ...("clusters" in options ? { clusters: software ? 2 : 4 } : {}),
  };
}

/** The pictures that a technique makes of one unit. */
export function picturesOf(technique: Dream, software: boolean): number {
  const { samples, clusters } = settingsOf(technique, software);
  return samples ?? clusters ?? 1;
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
