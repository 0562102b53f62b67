/**
 * Single units: their filters, masks and empirical receptive fields.
 * @module vitrine/units
 */
import "./gpu/platform.ts";

export {
  type Discrepancy,
  type EmpiricalField,
  type EmpiricalFieldOptions,
  empiricalField,
} from "./techniques/units/empirical-field.ts";
export {
  type Combination,
  type CombinationOptions,
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
