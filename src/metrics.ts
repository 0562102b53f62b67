/**
 * Measures of how far a map can be trusted, tables of them, randomised networks.
 * @module vitrine/metrics
 */
import "./gpu/platform.ts";

export type { ExcitingPicture } from "./metrics/exciting.ts";
export { formatTrust, TRUST_HEADS, TRUST_LEGEND, VERDICT_WORDS } from "./metrics/format.ts";
export { honestCaption } from "./metrics/honest-caption.ts";
export { type Honesty, type HonestyOptions, honestyOf, type JudgedPicture } from "./metrics/honesty.ts";
export {
  type EvaluatedTechnique,
  type Infidelity,
  type MapLikeness,
  MEASURES,
  type Measure,
  type OtherClass,
  type ScoreMeasure,
  type Trust,
  type TrustCurve,
  type TrustOptions,
  VERDICTS,
  type Verdict,
} from "./metrics/measures.ts";
export {
  type LayerNaturalness,
  type Likeness,
  type Naturalness,
  naturalnessOf,
  type Way,
} from "./metrics/naturalness.ts";
export {
  createRandomisedNetwork,
  parameterLayers,
  type RandomiseOptions,
  randomiseGraph,
} from "./metrics/randomise.ts";
export { type CascadeOptions, type CascadeStep, cascadingRandomisation } from "./metrics/sanity.ts";
export { SharedScores } from "./metrics/scores.ts";
export {
  measureValue,
  type NamedTechnique,
  summariseTrust,
  type TrustRow,
  type TrustSpread,
  type TrustSummary,
  type TrustSummaryRow,
  type TrustTable,
  type TrustTableOptions,
  trustSummary,
  trustTable,
} from "./metrics/table.ts";
export { trust } from "./metrics/trust.ts";
export type { Emptiness } from "./techniques/synthesis/emptiness.ts";
export {
  type ExcitingOptions,
  type ExcitingPictures,
  excitingPictures,
  type NaturalPicture,
  type NaturalPictures,
  type SeenPicture,
  type ValuedPicture,
} from "./techniques/synthesis/natural-pictures.ts";
