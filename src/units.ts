/**
 * Single units: their filters, masks and empirical receptive fields.
 * @module vitrine/units
 */
import "./gpu/platform.ts";

export {
  type CoarseToFine,
  coarseToFine,
  type DecoderStep,
  decoderOf,
} from "./techniques/units/coarse-to-fine.ts";
export {
  type EmpiricalField,
  type EmpiricalFieldOptions,
  empiricalField,
  type FieldDiscrepancy,
} from "./techniques/units/empirical-field.ts";
export {
  type CombinationOptions,
  type FilterCombination,
  filterCombination,
} from "./techniques/units/filter-combination.ts";
export { type Filters, type FiltersOptions, filtersOf } from "./techniques/units/filters.ts";
export {
  mapAtImage,
  type UnitMask,
  type UnitMaskOptions,
  type UnitThreshold,
  unitMask,
} from "./techniques/units/unit-mask.ts";
