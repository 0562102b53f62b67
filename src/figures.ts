/**
 * Maps as people publish them: figures, sheets, overlays, color maps.
 * @module vitrine/figures
 */
import "./gpu/platform.ts";

export {
  type AttackSheetOptions,
  composeAttacks,
  type DrawnAttack,
  renderAttacks,
} from "./figures/attacks.ts";
export { classColor } from "./figures/class-colors.ts";
export {
  COLOR_MAPS,
  type ColorizeOptions,
  type ColorMapName,
  colorize,
  colorMap,
  DIVERGING_MAPS,
  isUneven,
  SEQUENTIAL_MAPS,
  UNEVEN_MAPS,
} from "./figures/color-maps.ts";
export {
  type ChannelDistribution,
  composeDistributions,
  type DistributionFigureOptions,
  renderDistributions,
} from "./figures/distributions.ts";
export type { Color, Figure } from "./figures/drawing.ts";
export { type DrawnMap, drawnMap, type MapOptions } from "./figures/drawn-map.ts";
export {
  composeField,
  type FieldBox,
  type FieldFigureOptions,
  type MeasuredField,
  renderField,
} from "./figures/field.ts";
export {
  composeFigure,
  FIGURE_PANELS,
  type FigureOptions,
  type FigurePanel,
  renderFigure,
} from "./figures/figure.ts";
export {
  composeFilters,
  type FilterFigureOptions,
  type FilterSet,
  renderFilters,
} from "./figures/filters.ts";
export {
  type AccuracyCurve,
  type ChannelNumbers,
  composeImportance,
  type ImportanceFigureOptions,
  renderImportance,
} from "./figures/importance.ts";
export { MAP_KINDS, type MapKind } from "./figures/kinds.ts";
export {
  composeLabelMap,
  type LabelMapFigureOptions,
  renderLabelMap,
} from "./figures/label-map.ts";
export { composeMasks, type MaskedImage, type MaskFigureOptions, renderMasks } from "./figures/masks.ts";
export {
  composeMultiples,
  type Multiple,
  type MultiplesOptions,
  type MultiplesRow,
  renderMultiples,
} from "./figures/multiples.ts";
export { renderOverlay } from "./figures/overlay.ts";
export {
  composePatches,
  type DrawnPatch,
  type PatchFigureOptions,
  renderPatches,
  type UnitPatches,
} from "./figures/patches.ts";
export { composePictureMap, type MappedPicture, type PictureMapOptions } from "./figures/picture-map.ts";
export { type RasterizeOptions, rasterize } from "./figures/rasterize.ts";
export { composeMapSheet, type MapSheetOptions, renderMapSheet } from "./figures/sheet.ts";
export {
  composeSynthesis,
  type DrawnSynthesis,
  renderSynthesis,
  type SynthesisSheetOptions,
} from "./figures/synthesis.ts";
export type { FigureTable } from "./figures/table.ts";
export { composeWall, renderWall, type WallOptions, type WallPicture } from "./figures/wall.ts";
