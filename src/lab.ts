/**
 * What is found out over a data set: the patches that excite units most, and the channels that a network could do without.
 * @module vitrine/lab
 */
import "./gpu/platform.ts";

export type { Patch } from "./lab/patches.ts";
export { type Redundancy, type RedundancyOptions, redundancy, type Twins } from "./lab/redundancy.ts";
export { type TopPatchesOptions, topPatches } from "./lab/top-patches.ts";
