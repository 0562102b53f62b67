import averageShader from "../../shaders/global_pool_average.wgsl";
import incrementalShader from "../../shaders/global_pool_incremental.wgsl";
import maxShader from "../../shaders/global_pool_max.wgsl";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, type Shape } from "../gpu/tensor.ts";
import { createArgmaxDispatch } from "./argmax.ts";
import { chunkOf } from "./incremental.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyImage } from "./op.ts";
import { pool, poolMathematics } from "./pool.ts";
import { seesAll } from "./sight.ts";

/** Maximum or mean of each channel over the whole image: [N, C], or [N, 1, 1, C] with `keepDims`. */
export interface GlobalPoolLayer extends LayerBase {
  readonly op: "globalPool";
  readonly mode: "max" | "average";
  readonly keepDims?: boolean;
}

export const globalPool: Op<GlobalPoolLayer, GlobalPoolLayer> = {
  fields: { ...LAYER_FIELDS, mode: { must: ["max", "average"] }, keepDims: [true, false] },
  describe: ({ mode }) => `${mode === "max" ? "maximum" : "mean"} of each map`,
  shape(layer, x) {
    const [n, , , c] = onlyImage(layer, x);
    return layer.keepDims ? [n, 1, 1, c] : [n, c];
  },
  view: false,

  saved: (layer, x): Record<string, { shape: Shape; dtype: "u32" }> =>
    layer.mode === "max" ? { argmax: { shape: globalPool.shape(layer, x), dtype: "u32" } } : {},

  forward(device, { layer, x: [x], y, saved }) {
    const [n, height, width, channels] = asNhwc(x.shape);
    const tiles = Math.ceil(channels / 16);
    const options = {
      label: layer.name,
      params: { pixels: height * width, channels, tiles, groups: n * tiles },
      bindings: { x, y },
      workgroups: gridOf(n * tiles),
    };
    return layer.mode === "max"
      ? createArgmaxDispatch(device, maxShader, saved, options)
      : createDispatch(device, averageShader, options);
  },

  /** The gradient of one window over the whole image. */
  backward(device, site) {
    const { layer, x, y } = site;
    const [n, height, width, channels] = asNhwc(x[0].shape);
    return pool.backward(device, {
      ...site,
      layer: { ...layer, op: "pool", size: [height, width], strides: [1, 1], padding: "valid" },
      y: { ...y, shape: [n, 1, 1, channels] },
    });
  },

  incremental: {
    kind: "gather",
    create(device, { layer, x, clean, y, dirty }) {
      const [, height, width, channels] = x.shape;
      const chunk = chunkOf(channels);
      const chunks = channels / chunk.size;
      const tiles = Math.ceil(chunks / 8);
      const groups = dirty.patches * tiles;
      return createDispatch(device, incrementalShader, {
        label: layer.name,
        constants: { AVERAGE: Number(layer.mode === "average") },
        redeclare: { Chunk: chunk.type },
        params: { inSize: [height, width], rects: x.layout.rects, channels: chunks, tiles, groups },
        bindings: { x: x.buffer, clean, rects: dirty.rects, y },
        workgroups: gridOf(groups),
      });
    },
  },
  mathematics: ({ mode }) => poolMathematics(mode),
  weights: () => undefined,
  sees: (_, site) => seesAll(site),
  fusion: ALONE,
  relevance: {
    propagation: (layer) =>
      layer.mode === "average" ? { by: "rule", as: layer, group: "other" } : { by: "gradient" },
    gate: true,
  },
  backProject: null,
};
