import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";

export { startTfjs } from "./peers/tfjs.ts";

/** A LayersModel from disk, as tfjs itself loads it. */
export function loadTfjsModel(manifestPath: string): Promise<tf.LayersModel> {
  const { modelTopology, weightsManifest, format } = JSON.parse(readFileSync(manifestPath, "utf8"));
  const groups: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[] = weightsManifest;
  const shards = groups
    .flatMap(({ paths }) => paths)
    .map((path) => readFileSync(join(dirname(manifestPath), path)));
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
  const weightSpecs = groups.flatMap(({ weights }) => weights);
  return tf.loadLayersModel({ load: async () => ({ modelTopology, weightSpecs, weightData, format }) });
}
