import * as tf from "@tensorflow/tfjs";
import type { ModelFiles } from "../../src/models/files.ts";

/** TensorFlow's local response normalisation, which tfjs has as an op but not as a layer. */
class Lrn extends tf.layers.Layer {
  static className = "LRN";
  readonly #options: Record<string, number>;

  constructor(options: Record<string, unknown>) {
    super(options as ConstructorParameters<typeof tf.layers.Layer>[0]);
    this.#options = options as Record<string, number>;
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = Array.isArray(inputs) ? inputs : [inputs];
    const { depthRadius, bias, alpha, beta } = this.#options;
    return tf.localResponseNormalization(x as tf.Tensor4D, depthRadius, bias, alpha, beta);
  }
}

/** A model's files as tfjs itself reads them, on its CPU backend. */
export async function tfjsModel(files: ModelFiles): Promise<tf.LayersModel> {
  await tf.setBackend("cpu");
  tf.serialization.registerClass(Lrn);
  const manifest = JSON.parse(new TextDecoder().decode(await files.read(files.manifest)));
  const groups: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[] = manifest.weightsManifest;
  const shards = await Promise.all(groups.flatMap(({ paths }) => paths.map((path) => files.read(path))));
  return tf.loadLayersModel({
    load: async () => ({
      modelTopology: manifest.modelTopology,
      weightSpecs: groups.flatMap(({ weights }) => weights),
      weightData: await new Blob(shards).arrayBuffer(),
    }),
  });
}

/** What tfjs's CPU backend makes of one preprocessed image. */
export async function tfjsOutput(model: tf.LayersModel, input: Float32Array): Promise<Float32Array> {
  const [h = 1, w = 1, c = 1] = (model.inputs[0]?.shape ?? []).slice(1).map(Number);
  const y = tf.tidy(() => model.predict(tf.tensor4d(input, [1, h, w, c])) as tf.Tensor);
  const values = await y.data<"float32">();
  y.dispose();
  return values;
}
