import { SYNTHESES, type SynthesisTechnique, synthesisNamed } from "../../src/synthesis.ts";

/** The technique that everybody begins with. */
export const FIRST = "feature-visualization";

/** The techniques that make pictures of what one unit wants: alone, of the picture that is shown, by a generator, of many pictures. */
export const DREAMS: readonly SynthesisTechnique[] = SYNTHESES.filter(
  ({ asks }) => asks.includes("objective") && !asks.includes("layer"),
);

export { synthesisNamed as dreamNamed };
export type Dream = SynthesisTechnique;
