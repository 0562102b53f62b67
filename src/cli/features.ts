import type { Source } from "../dataset/source.ts";
import { type PictureFeatures, pictureFeatures } from "../lab/picture-features.ts";
import type { Networks } from "../network/pool.ts";
import { surveyFeatures } from "../node/survey-features.ts";
import type { Io } from "./io.ts";
import type { Values } from "./values.ts";

/** The features of a data set's pictures: from the survey that --survey names, or made now. */
export async function featuresFor(
  networks: Networks,
  source: Source,
  values: Values,
  io: Io,
): Promise<PictureFeatures> {
  const [folder, layer] = [values.text("survey"), values.text("layer")];
  if (folder !== undefined) return surveyFeatures(folder, layer);
  return pictureFeatures(networks, source, {
    ...{ layer, batch: values.whole("batch", 1, 1024), signal: io.signal },
    onBroken: ({ id, why }) => io.err(`vitrine: passed over: ${why.includes(id) ? "" : `${id}: `}${why}`),
    onProgress: (done, count) =>
      io.progress(`features: ${done}${count === undefined ? "" : ` of ${count}`} pictures`),
  });
}
