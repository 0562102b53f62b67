import type { Bench, Prepared } from "../case.ts";
import { difference } from "../compare.ts";
import { ortContender, tfjsContender } from "../peers/contenders.ts";
import { OnnxModel } from "../peers/onnx.ts";
import type { Shape } from "../shape.ts";
import { activations, statisticsPass } from "./statistics-pass.ts";

/** Mean, variance, least, largest and fraction of zeros of each channel, [5, C], in double precision. */
function momentsOf(x: Float32Array, channels: number): Float64Array[] {
  const count = x.length / channels;
  const rows = Array.from({ length: 5 }, () => new Float64Array(channels));
  const [mean, variance, min, max, zeros] = rows as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  min.fill(Number.POSITIVE_INFINITY);
  max.fill(Number.NEGATIVE_INFINITY);
  for (const [index, value] of x.entries()) {
    const c = index % channels;
    mean[c] = (mean[c] ?? 0) + value / count;
    min[c] = Math.min(min[c] ?? value, value);
    max[c] = Math.max(max[c] ?? value, value);
    if (value === 0) zeros[c] = (zeros[c] ?? 0) + 1 / count;
  }
  for (const [index, value] of x.entries()) {
    const c = index % channels;
    variance[c] = (variance[c] ?? 0) + (value - (mean[c] ?? 0)) ** 2 / count;
  }
  return rows;
}
function onnxMoments(shape: Shape): Uint8Array {
  const channels = shape.at(-1) ?? 1;
  const model = new OnnxModel();
  const x = model.input("x", shape);
  const axes = { axes: shape.slice(0, -1).map((_, axis) => axis), keepdims: 1 };
  const mean = model.node("ReduceMean", [x], axes);
  const apart = model.node("Sub", [x, mean]);
  const variance = model.node("ReduceMean", [model.node("Mul", [apart, apart])], axes);
  const min = model.node("ReduceMin", [x], axes);
  const max = model.node("ReduceMax", [x], axes);
  const zero = model.node("Equal", [x, model.constant([], Float32Array.of(0))]);
  const zeros = model.node("ReduceMean", [model.node("Cast", [zero], { to: 1 })], axes);
  const rows = model.node("Concat", [mean, variance, min, max, zeros], { axis: 0 });
  model.node("Reshape", [rows, model.constant([2], [5, channels])], {}, "y");
  model.output("y", [5, channels]);
  return model.encode();
}
export async function prepareMoments(bench: Bench, shape: Shape): Promise<Prepared> {
  const channels = shape.at(-1) ?? 1;
  const x = activations(shape);
  const expected = momentsOf(x, channels);
  return {
    contenders: [
      { name: "vitrine", kind: "ours", create: () => statisticsPass(bench, shape, x) },
      tfjsContender(bench, async ({ tf, runner }) => {
        const resident = tf.tensor(x, [x.length / channels, channels]);
        return runner(
          () => {
            // Reducing over the leading axes would transpose in each of the five: four to five times as slow.
            const rows = tf.transpose(resident);
            const { mean, variance } = tf.moments(rows, 1);
            const zeros = tf.mean(tf.cast(tf.equal(rows, 0), "float32"), 1);
            return tf.stack([mean, variance, tf.min(rows, 1), tf.max(rows, 1), zeros]);
          },
          () => resident.dispose(),
        );
      }),
      ortContender(bench, (ort) =>
        ort.modelRunner(onnxMoments(shape), ort.tensor(shape, x), ort.tensor([5, channels])),
      ),
    ],
    reference: "two passes in f64",
    // Each of the five has a scale of its own; the least value of rectified activations is nothing but zeros.
    check: (y) =>
      Math.max(
        ...expected.map((row, index) => {
          const found = y.subarray(index * channels, (index + 1) * channels);
          return row.every((value) => value === 0)
            ? Math.max(...found.map(Math.abs))
            : difference(found, row);
        }),
      ),
  };
}
