/**
 * Maps of pictures: nearest neighbours, principal components, t-SNE, UMAP, how good a map is, and grids.
 * @module vitrine/embedding
 */
import "./gpu/platform.ts";

export { type Grid, type GridOptions, snapToGrid } from "./embedding/grid.ts";
export { type MapQuality, type MapQualityOptions, mapQuality } from "./embedding/map-quality.ts";
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
export { type UmapOptions, umap } from "./embedding/umap.ts";
