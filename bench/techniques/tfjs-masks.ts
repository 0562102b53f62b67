import type * as tfjs from "@tensorflow/tfjs";
import { logitsOf, shapesOf } from "../../src/graph.ts";
import { coveringOf, dropsOf, masksOf } from "../cases/covering.ts";
import { tfjsGraph } from "../peers/tfjs-graph.ts";
import { limeWeights, ridgeWeights } from "./ridge.ts";
import { riseMasks, shownSegments, squareSegments } from "./samples.ts";
import { batchesOf, CLASS, SEED, type Subject, type TfjsTechnique } from "./subject.ts";

type Tf = typeof tfjs;

/** The class's score of every image of a batch, [N, 1], by the fused operations. */
function scorer(tf: Tf, { graph }: Subject) {
  const { apply, dispose } = tfjsGraph(tf, graph);
  const logits = (images: tfjs.Tensor): tfjs.Tensor => apply(images, logitsOf(graph));
  const pick = (scores: tfjs.Tensor): tfjs.Tensor => tf.slice(scores, [0, CLASS], [scores.shape[0] ?? 1, 1]);
  return {
    apply,
    dispose,
    logit: (images: tfjs.Tensor) => pick(logits(images)),
    probability: (images: tfjs.Tensor) => pick(tf.softmax(logits(images))),
  };
}

async function valuesOf(tf: Tf, compute: () => tfjs.Tensor): Promise<Float32Array> {
  const y = tf.tidy(compute);
  const values = (await y.data()) as Float32Array;
  y.dispose();
  return values;
}

/** RISE over black; the masks are there beforehand, the very ones that ours makes anew. */
export function tfjsRise(tf: Tf, subject: Subject, grid: number): TfjsTechnique {
  const { side, x, samples } = subject;
  const { probability, dispose } = scorer(tf, subject);
  const pixels = side * side;
  const image = tf.tensor(x, [1, side, side, 3]);
  const all = riseMasks(samples, side, grid, SEED);
  const masks = batchesOf(subject).map(([first, count]) =>
    tf.tensor(all.subarray(first * pixels, (first + count) * pixels), [count, side, side, 1]),
  );
  return {
    explain: () =>
      valuesOf(tf, () => {
        const sums = masks.map((mask) =>
          tf.tidy(() => {
            const scores = probability(tf.mul(image, mask));
            return tf.matMul(scores, tf.reshape(mask, [mask.shape[0] ?? 1, pixels]), true, false);
          }),
        );
        // A cell shows with probability ½.
        // tfjs's addN binds a buffer for each of its inputs, and a device has few.
        const sum = sums.reduce((all, one) => tf.add(all, one));
        return tf.div(sum, samples * 0.5);
      }),
    dispose() {
      dispose();
      tf.dispose([image, ...masks]);
    },
  };
}

/** LIME over black with given segments; the masks are gathered from who shows, the ridge is solved on the CPU. */
export function tfjsLime(tf: Tf, subject: Subject, cells: number): TfjsTechnique {
  const { side, x, samples } = subject;
  const { logit, dispose } = scorer(tf, subject);
  const segments = cells * cells;
  const image = tf.tensor(x, [1, side, side, 3]);
  const labels = squareSegments(side, cells);
  const places = tf.tensor1d(Int32Array.from(labels), "int32");
  const z = shownSegments(samples, segments, SEED);
  const weights = limeWeights(z, samples, segments);
  const shown = batchesOf(subject).map(([first, count]) =>
    tf.tensor(z.subarray(first * segments, (first + count) * segments), [count, segments]),
  );
  return {
    async explain() {
      const scores = await valuesOf(tf, () =>
        tf.concat(
          shown.map((part) =>
            tf.tidy(() => {
              const mask = tf.reshape(tf.gather(part, places, 1), [part.shape[0] ?? 1, side, side, 1]);
              return logit(tf.mul(image, mask));
            }),
          ),
        ),
      );
      const found = ridgeWeights(z, scores, weights, segments, 1);
      return Float32Array.from(labels, (label) => found[label] ?? Number.NaN);
    },
    dispose() {
      dispose();
      tf.dispose([image, places, ...shown]);
    },
  };
}

/** Score-CAM at a layer: the image seen through each of its maps, enlarged and stretched to 0…1. */
export function tfjsScoreCam(tf: Tf, subject: Subject, layer: string): TfjsTechnique {
  const { graph, side, x, batch } = subject;
  const { apply, logit, dispose } = scorer(tf, subject);
  const [, height = 1, width = 1, channels = 1] = shapesOf(graph).get(layer) ?? [];
  const image = tf.tensor(x, [1, side, side, 3]);
  const parts = batchesOf({ samples: channels, batch });
  return {
    explain: () =>
      valuesOf(tf, () => {
        const maps = apply(image, layer) as tfjs.Tensor4D;
        // One map an image, so that they enlarge and mask as a batch.
        const columns = tf.reshape(tf.transpose(maps, [3, 1, 2, 0]), [channels, height, width, 1]);
        const scores = parts.map(([first, count]) =>
          tf.tidy(() => {
            const part = tf.slice(columns, [first, 0, 0, 0], [count, height, width, 1]) as tfjs.Tensor4D;
            const large = tf.image.resizeBilinear(part, [side, side], false, true);
            const low = tf.min(large, [1, 2, 3], true);
            const span = tf.sub(tf.max(large, [1, 2, 3], true), low);
            const mask = tf.divNoNan(tf.sub(large, low), span);
            return logit(tf.mul(image, mask));
          }),
        );
        const weights = tf.softmax(tf.reshape(tf.concat(scores), [1, channels]));
        return tf.relu(tf.sum(tf.mul(maps, tf.reshape(weights, [1, 1, 1, channels])), -1));
      }),
    dispose() {
      dispose();
      image.dispose();
    },
  };
}

/** Occlusion with a black patch: a batch of covered images at a time, each patch's fall spread over its pixels. */
export function tfjsOcclusion(tf: Tf, subject: Subject, patch: number, stride: number): TfjsTechnique {
  const { side, x, batch } = subject;
  const { logit, dispose } = scorer(tf, subject);
  const covering = coveringOf(side, patch, stride, batch);
  const image = tf.tensor(x, [1, side, side, 3]);
  const masks = Array.from({ length: covering.batches }, (_, index) =>
    tf.tensor(masksOf(covering, index), [covering.batch, side, side, 1]),
  );
  return {
    async explain() {
      const scores = await valuesOf(tf, () =>
        tf.concat(masks.map((mask) => tf.tidy(() => logit(tf.mul(image, mask))))),
      );
      return spread(dropsOf(scores.subarray(0, covering.images)), side, patch, stride);
    },
    dispose() {
      dispose();
      tf.dispose([image, ...masks]);
    },
  };
}

/** At each pixel the mean of the falls of the patches that cover it, [side, side]; 0 where none does. */
function spread(drops: Float32Array, side: number, patch: number, stride: number): Float32Array {
  const places = Math.ceil((side - patch) / stride) + 1;
  const sums = new Float32Array(side * side);
  const counts = new Float32Array(side * side);
  for (const [place, drop] of drops.entries()) {
    const top = Math.min(Math.floor(place / places) * stride, side - patch);
    const left = Math.min((place % places) * stride, side - patch);
    for (let pixel = 0; pixel < patch * patch; pixel++) {
      const at = (top + Math.floor(pixel / patch)) * side + left + (pixel % patch);
      sums[at] = (sums[at] ?? 0) + drop;
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  return sums.map((sum, at) => sum / Math.max(1, counts[at] ?? 0));
}
