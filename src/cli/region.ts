import { basename } from "node:path";
import { type Graph, pictureOf } from "../graph/graph.ts";
import { headOf } from "../graph/heads.ts";
import { cropOf } from "../images/preprocess.ts";
import { resample } from "../images/resample.ts";
import { decodeImage } from "../node/image.ts";
import { readRegular } from "../node/read.ts";
import type { Region } from "../techniques/region.ts";
import { UsageError } from "./io.ts";
import type { Values } from "./values.ts";

/** The places that --at or --region ask about, and how a title says so. */
export interface ChosenRegion {
  readonly region: Region;
  readonly words: string;
}

/**
 * The places that --region or --at mean, of an output with scores at every place; undefined where neither is given.
 * @param ofNeurons --layer names the neurons that are asked, and --at is a place of theirs. Default: wherever it is given.
 * @throws UsageError for an output of another kind, or both options. @throws InputError when the mask cannot be read.
 */
export async function regionOf(
  graph: Graph,
  values: Values,
  ofNeurons = values.has("layer"),
): Promise<ChosenRegion | undefined> {
  if (ofNeurons) values.exclusive("region", "layer");
  const place = ofNeurons ? undefined : values.text("at");
  const mask = values.text("region");
  if (place === undefined && mask === undefined) return undefined;
  values.exclusive("at", "region");
  const { kind, name } = headOf(graph);
  const option = mask === undefined ? "at" : "region";
  if (kind !== "places") {
    throw new UsageError(
      `--${option} expects an output with scores at every place${option === "at" ? ", or --layer beside it" : ""}, got the ${kind} of "${name}"`,
    );
  }
  const [height, width] = pictureOf(graph, "region").shape;
  if (mask !== undefined) {
    const photo = await decodeImage(await readRegular(mask, `mask "${mask}"`), mask);
    const rgb = resample(photo, cropOf(photo, graph));
    const weights = Float32Array.from({ length: height * width }, (_, i) =>
      Math.min(1, Math.max(0, ((rgb[3 * i] ?? 0) + (rgb[3 * i + 1] ?? 0) + (rgb[3 * i + 2] ?? 0)) / 765)),
    );
    return { region: { mask: weights, shape: [height, width] }, words: `over ${basename(mask)}` };
  }
  const [y, x, ...more] = values.numbers("at") ?? [];
  if (y === undefined || x === undefined || more.length > 0) {
    throw new UsageError(`--at expects a row and a column Y,X, got "${place}"`);
  }
  return { region: { y, x }, words: `at ${y},${x}` };
}
