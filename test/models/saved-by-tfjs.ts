import * as tf from "@tensorflow/tfjs";
import type { ModelFiles } from "../../src/models/files.ts";
import { memoryFiles } from "./fixtures.ts";

/** A model's own file, as tfjs saves it. */
export async function savedByTfjs(model: tf.LayersModel): Promise<ModelFiles> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  const data = saved?.weightData;
  if (!(data instanceof ArrayBuffer)) throw new Error("expected tfjs to save its weights as one buffer");
  const manifest = {
    format: saved?.format,
    modelTopology: saved?.modelTopology,
    weightsManifest: [{ paths: ["weights.bin"], weights: saved?.weightSpecs }],
  };
  return memoryFiles({ "model.json": JSON.stringify(manifest), "weights.bin": data });
}

/** Gives every weight of a model values that tell it from all others; variances are positive. */
export function randomize(model: tf.LayersModel, seed: number): void {
  for (const layer of model.layers) {
    const old = layer.getWeights();
    const fresh = layer.weights.map((weight, i) => {
      const shape = old[i]?.shape ?? [];
      const count = seed++;
      return weight.name.includes("variance")
        ? tf.randomUniform(shape, 0.5, 2, "float32", count)
        : tf.randomNormal(shape, 0, 0.4, "float32", count);
    });
    layer.setWeights(fresh);
  }
}
