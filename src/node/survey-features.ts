import { parseCsv } from "../dataset/file-table.ts";
import { InputError } from "../gpu/errors.ts";
import { type FeaturedPicture, type PictureFeatures, pointsOf } from "../lab/picture-features.ts";
import { pictureRows, readSurvey } from "./survey-folder.ts";

/**
 * The features of a data set's pictures that a survey's folder keeps.
 * @param layer one of those whose features it keeps. Default: the first.
 * @throws InputError when it keeps no such layer, or is damaged.
 */
export async function surveyFeatures(path: string, layer?: string): Promise<PictureFeatures> {
  const { features } = (await readSurvey(path)).settings;
  const [first = ""] = features;
  const at = features.indexOf(layer ?? first);
  if (at < 0) {
    throw new InputError(
      `survey "${path}": expected features of one of ${features.join(", ")}, got "${layer}"; vitrine survey --features keeps them`,
    );
  }
  const pictures: FeaturedPicture[] = [];
  const rows: Float32Array[] = [];
  for await (const { index, line, features } of pictureRows(path)) {
    const [[, id = "", label = "", answer = "", answerLabel = ""] = []] = parseCsv(line, `survey "${path}"`);
    pictures.push({
      ...{ index, id },
      ...(label === "" ? {} : { label }),
      ...(answer === "" ? {} : { answer: answerLabel || answer }),
    });
    const row = features[at];
    if (row) rows.push(row);
  }
  return { layer: layer ?? first, pictures, points: pointsOf(rows) };
}
