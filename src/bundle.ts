/**
 * Every entry in one, for a page without a bundler.
 * @module vitrine/bundle
 */
export * from "./dataset.ts";
export * from "./embedding.ts";
export * from "./figures.ts";
export * from "./graph.ts";
export * from "./images.ts";
export * from "./index.ts";
export * from "./kernels.ts";
export * from "./lab.ts";
export * from "./layers.ts";
export * from "./metrics.ts";
export * from "./models.ts";
export * from "./network.ts";
export * from "./objectives.ts";
export * from "./onnxruntime.ts";
export * from "./optimise.ts";
export * from "./relevance.ts";
export * from "./robustness.ts";
export * from "./synthesis.ts";
export * from "./units.ts";
