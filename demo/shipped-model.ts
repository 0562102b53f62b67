import modelUrl from "../models/vitrine/model.json?url&no-inline";
import weightsUrl from "../models/vitrine/weights.bin?url&no-inline";
import { type Graph, loadLayersModel, modelFromFiles } from "../src/index.ts";
import { type InputShape, shapesNear } from "../src/models.ts";

/** Fetches a file of the page's own and tells how much of it is there. */
async function fetched(url: string, name: string, onBytes: (bytes: number) => void): Promise<File> {
  const response = await fetch(url);
  if (!response.ok || !response.body) {
    throw new Error(
      `The network that comes with this page did not load: ${name}, ${response.status} ${response.statusText}.`,
    );
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    onBytes(value.byteLength);
  }
  return new File(parts, name);
}

/** Bytes of the shipped network's weights, about: for the bar alone. */
const EXPECTED = 1_100_000;

/** Loads the network that comes with the page. */
export async function loadShippedModel(onProgress: (fraction: number) => void): Promise<Graph> {
  let bytes = 0;
  const count = (more: number) => {
    bytes += more;
    onProgress(Math.min(1, bytes / EXPECTED));
  };
  const files = await Promise.all([
    fetched(modelUrl, "model.json", count),
    fetched(weightsUrl, "weights.bin", count),
  ]);
  onProgress(1);
  return loadLayersModel(modelFromFiles(files));
}

/** The side of the picture that a network of any size is shown. */
const SIDE = 224;

/** The sizes to try for a network whose file leaves its own free; nothing for one that has a size. */
export function standingSize(declared: readonly (number | null)[]): InputShape[] | undefined {
  return [2, 3].includes(declared.length) && declared.includes(null)
    ? shapesNear(declared, [SIDE, SIDE])
    : undefined;
}
