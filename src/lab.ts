/**
 * What is found out over a data set: the patches that excite units most, and the channels that a network could do without.
 * @module vitrine/lab
 */
import "./gpu/platform.ts";

export { type AttributeTable, attributeTable } from "./lab/attribute-table.ts";
export type { DissectedUnit, UnitConcept, UnitExample } from "./lab/concept-tally.ts";
export {
  type ConceptMasks,
  colorConcepts,
  type SyntheticConceptOptions,
  syntheticConcepts,
} from "./lab/concepts.ts";
export {
  type Correspondence,
  type CorrespondenceOptions,
  correspondence,
  type Match,
  type MatchedPlace,
} from "./lab/correspondence.ts";
export { type CorruptionError, corruptionError, type KindError } from "./lab/corruption-error.ts";
export {
  type DissectedConcept,
  type DissectedLayer,
  type Dissection,
  type DissectionOptions,
  dissection,
} from "./lab/dissection.ts";
export {
  type EquivarianceOptions,
  type EquivarianceReport,
  equivariance,
  type TransformAnswers,
} from "./lab/equivariance.ts";
export type { LayerEquivariance } from "./lab/equivariance-case.ts";
export {
  type ErrorCurve,
  type ErrorCurves,
  type ErrorCurvesOptions,
  errorCurves,
} from "./lab/error-curves.ts";
export type { FilterBankOptions } from "./lab/filter-bank.ts";
export {
  type FilterImportance,
  type FilterImportanceOptions,
  filterImportance,
  IMPORTANCE_CRITERIA,
  type ImportanceCriterion,
} from "./lab/filter-importance.ts";
export type { Rows } from "./lab/gaussian-mixture.ts";
export type { HeldOutOptions } from "./lab/held-out.ts";
export type { LabelledOptions } from "./lab/labelled-batches.ts";
export { compareLabellers, type ErrorTable, type LabellerReport } from "./lab/labeller.ts";
export { type NetworkTree, type NetworkTreeOptions, networkTree } from "./lab/network-tree.ts";
export { type ChannelPatches, type PatchRelevanceOptions, patchRelevance } from "./lab/patch-relevance.ts";
export { type CutOptions, cutPatches, type Patch } from "./lab/patches.ts";
export {
  type AnsweredPicture,
  type AttributePerformance,
  type PerformanceBin,
  type PerformanceOptions,
  performanceBy,
  type Share,
  wilsonInterval,
} from "./lab/performance.ts";
export { PICTURE_ATTRIBUTES, type PictureAttribute, pictureAttributes } from "./lab/picture-attributes.ts";
export {
  type FeaturedPicture,
  neighbourAccuracy,
  type PictureFeatures,
  type PictureFeaturesOptions,
  pictureFeatures,
} from "./lab/picture-features.ts";
export { type PixelNeighbour, type PixelNeighbourOptions, pixelNeighbours } from "./lab/pixel-neighbours.ts";
export { PLACE_TRANSFORMS, type PlaceTransform } from "./lab/place-maps.ts";
export {
  type LayerPosition,
  type PositionProbeOptions,
  type PositionReport,
  positionProbe,
} from "./lab/position-probe.ts";
export { type PruningCurve, type PruningOptions, pruningCurve } from "./lab/pruning.ts";
export { type Redundancy, type RedundancyOptions, redundancy, type Twins } from "./lab/redundancy.ts";
export type { RelevanceRunOptions } from "./lab/relevance-runs.ts";
export { type LinearFit, type RidgeRegressionOptions, ridgeRegression } from "./lab/ridge.ts";
export { shadedPatch } from "./lab/shaded-patch.ts";
export { type StitchingOptions, type StitchingReport, stitching } from "./lab/stitching.ts";
export type { Stump } from "./lab/stump.ts";
export {
  type SurrogateTree,
  type SurrogateTreeOptions,
  surrogateTree,
  type TreeNode,
  treeAnswers,
} from "./lab/surrogate-tree.ts";
export type { TaylorForm } from "./lab/taylor.ts";
export { type ThumbnailOptions, thumbnailsOf } from "./lab/thumbnails.ts";
export {
  type RelevanceTarget,
  type RelevantPictures,
  type TopByRelevanceOptions,
  topByRelevance,
} from "./lab/top-by-relevance.ts";
export { type TopPatchesOptions, topPatches } from "./lab/top-patches.ts";
