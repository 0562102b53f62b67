/**
 * Maps of pictures: nearest neighbours.
 * @module vitrine/embedding
 */
import "./gpu/platform.ts";

export { type NeighbourOptions, type Neighbours, nearestNeighbours } from "./embedding/neighbours.ts";
export type { Metric, Points } from "./embedding/points.ts";
