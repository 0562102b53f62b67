import type * as tfjs from "@tensorflow/tfjs";
import { logitsOf } from "../../src/graph.ts";
import { tfjsGraph } from "../peers/tfjs-graph.ts";
import { gaussLegendre, normalNoise } from "./samples.ts";
import { batchesOf, CLASS, SEED, type Subject, type TfjsTechnique } from "./subject.ts";

type Tf = typeof tfjs;

/** The gradient of the class's score, summed over a batch, to the batch: what tf.grad is for. */
function gradientOf(tf: Tf, { graph }: Subject) {
  const { apply, dispose } = tfjsGraph(tf, graph, "gradient");
  const gradient = tf.grad((images) => {
    const logits = apply(images, logitsOf(graph));
    return tf.sum(tf.slice(logits, [0, CLASS], [logits.shape[0] ?? 1, 1]));
  });
  return { gradient, dispose };
}

async function valuesOf(tf: Tf, compute: () => tfjs.Tensor): Promise<Float32Array> {
  const y = tf.tidy(compute);
  const values = (await y.data()) as Float32Array;
  y.dispose();
  return values;
}

/** ∂S/∂x. */
export function tfjsSaliency(tf: Tf, subject: Subject): TfjsTechnique {
  const { gradient, dispose } = gradientOf(tf, subject);
  const image = tf.tensor(subject.x, [1, subject.side, subject.side, 3]);
  return {
    explain: () => valuesOf(tf, () => gradient(image)),
    dispose() {
      dispose();
      image.dispose();
    },
  };
}

/** The mean gradient over noisy copies, a batch at a time; the noise is there beforehand, the very one that ours adds. */
export function tfjsSmoothGrad(tf: Tf, subject: Subject, fraction: number): TfjsTechnique {
  const { side, x, samples } = subject;
  const { gradient, dispose } = gradientOf(tf, subject);
  const image = tf.tensor(x, [1, side, side, 3]);
  const sigma = fraction * (Math.max(...x) - Math.min(...x));
  const all = normalNoise(samples, x.length, SEED).map((value) => value * sigma);
  const noises = batchesOf(subject).map(([first, count]) =>
    tf.tensor(all.subarray(first * x.length, (first + count) * x.length), [count, side, side, 3]),
  );
  return {
    explain: () =>
      valuesOf(tf, () => {
        const sums = noises.map((noise) => tf.tidy(() => tf.sum(gradient(tf.add(image, noise)), 0)));
        return tf.div(tf.addN(sums), samples);
      }),
    dispose() {
      dispose();
      tf.dispose([image, ...noises]);
    },
  };
}

/** (x − x′) ⊙ the weighted mean of the gradient along the path from x′ = 0. */
export function tfjsIntegratedGradients(tf: Tf, subject: Subject): TfjsTechnique {
  const { side, x, samples } = subject;
  const { gradient, dispose } = gradientOf(tf, subject);
  const image = tf.tensor(x, [1, side, side, 3]);
  const { nodes, weights } = gaussLegendre(samples);
  const parts = batchesOf(subject).map(([first, count]) => ({
    alphas: tf.tensor(nodes.slice(first, first + count), [count, 1, 1, 1]),
    weights: tf.tensor(weights.slice(first, first + count), [1, count]),
    count,
  }));
  return {
    explain: () =>
      valuesOf(tf, () => {
        const sums = parts.map(({ alphas, weights, count }) =>
          tf.tidy(() => tf.matMul(weights, tf.reshape(gradient(tf.mul(alphas, image)), [count, x.length]))),
        );
        return tf.mul(tf.reshape(tf.addN(sums), image.shape), image);
      }),
    dispose() {
      dispose();
      tf.dispose([image, ...parts.flatMap(({ alphas, weights }) => [alphas, weights])]);
    },
  };
}

/** Grad-CAM at a layer: forward to it with the fused operations, the gradient through the rest alone. */
export function tfjsGradCam(tf: Tf, subject: Subject, layer: string): TfjsTechnique {
  const { graph, side, x } = subject;
  const features = tfjsGraph(tf, graph);
  const head = tfjsGraph(tf, graph, "gradient");
  const image = tf.tensor(x, [1, side, side, 3]);
  const gradient = tf.grad((maps) =>
    tf.sum(tf.slice(head.apply(maps, logitsOf(graph), layer), [0, CLASS], [1, 1])),
  );
  return {
    explain: () =>
      valuesOf(tf, () => {
        const maps = features.apply(image, layer);
        const weights = tf.mean(gradient(maps), [1, 2], true);
        return tf.relu(tf.sum(tf.mul(maps, weights), -1));
      }),
    dispose() {
      features.dispose();
      head.dispose();
      image.dispose();
    },
  };
}
