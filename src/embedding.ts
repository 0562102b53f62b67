/**
 * Maps of pictures: nearest neighbours, principal components, t-SNE.
 * @module vitrine/embedding
 */
import "./gpu/platform.ts";

export { type NeighbourOptions, type Neighbours, nearestNeighbours } from "./embedding/neighbours.ts";
export { type PcaOptions, type PrincipalComponents, pca } from "./embedding/pca.ts";
export type { Metric, Points } from "./embedding/points.ts";
export {
  createTsne,
  type LiveMap,
  type Tsne,
  type TsneMap,
  type TsneOptions,
  type TsneRunOptions,
  tsne,
} from "./embedding/tsne.ts";
