/**
 * What is found out over a data set: which channels a network could do without.
 * @module vitrine/lab
 */
import "./gpu/platform.ts";

export { type Redundancy, type RedundancyOptions, redundancy, type Twins } from "./lab/redundancy.ts";
