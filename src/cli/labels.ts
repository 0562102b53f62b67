import { labelsIn } from "../models/labels.ts";
import { readRegular } from "../node/read.ts";

/** Larger than any list of names: ImageNet-21k has 2 MB of them. */
const MOST_BYTES = 2 ** 26;

/** Reads the names of the classes from a file; see {@link labelsIn}. @throws InputError when there is none. */
export async function readLabels(path: string): Promise<string[]> {
  return labelsIn((await readRegular(path, `labels "${path}"`, MOST_BYTES)).toString("utf8"), path);
}
