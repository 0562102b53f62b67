import { SYNTHESES, type SynthesisTechnique, synthesisNamed } from "../../src/synthesis.ts";

/** The technique that everybody begins with. */
export const FIRST = "feature-visualization";

/** The techniques that make a picture of what one unit wants, alone or beginning with the picture that is shown. */
export const DREAMS: readonly SynthesisTechnique[] = SYNTHESES.filter(
  ({ asks }) => asks.includes("objective") && asks.every((one) => one === "objective" || one === "picture"),
);

export { synthesisNamed as dreamNamed };
export type Dream = SynthesisTechnique;
