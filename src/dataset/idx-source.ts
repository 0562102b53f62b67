import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { formatShape, sizeOf } from "../gpu/tensor.ts";
import { type ArrayLabelOptions, arrayLabels } from "./array-labels.ts";
import { type ByteFile, byteFile, type DataFile } from "./bytes.ts";
import { idxHeader } from "./idx-header.ts";
import { joined } from "./joined.ts";
import { pixelsOfArray, recordItems } from "./records.ts";
import type { Source } from "./source.ts";
import { type SourceParts, sourceOf } from "./source-of.ts";

const IDX: Fields<ArrayLabelOptions> = { labels: "may", classes: "may" };

/**
 * The pictures of an IDX file, as MNIST and its kin have them: bytes [N, H, W] or [N, H, W, C]; compressed by gzip or not. A picture's id is
 * its number.
 * @throws InputError for a damaged file, another kind, or labels of another number.
 */
export async function idxSource(file: DataFile, options: ArrayLabelOptions = {}): Promise<Source> {
  return sourceOf(joined("", [await idxParts(byteFile(file, "idxSource"), options)]));
}

export async function idxParts(file: ByteFile, options: ArrayLabelOptions = {}): Promise<SourceParts> {
  assertFields("idxSource", options, IDX);
  const who = `data set "${file.name}"`;
  const { shape, start, stream } = await idxHeader(file, who);
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  if ((shape.length !== 3 && shape.length !== 4) || ![1, 3, 4].includes(channels) || sizeOf(shape) === 0) {
    throw new InputError(
      `${who}: expected pictures [N,H,W] or [N,H,W,C] with 1, 3 or 4 channels, got ${formatShape(shape)}`,
    );
  }
  const { labels, labelOf, numbers } = await arrayLabels(options.labels, count, options.classes, who);
  const records = {
    ...{ file, start, count, length: height * width * channels },
    ...(stream.packed ? { stream } : {}),
    pixels: (record: Uint8Array) => pixelsOfArray(record, height, width, channels),
    label: labelOf,
  };
  return {
    name: file.name,
    count,
    labels,
    identity: () => ["idx", file.size, shape, numbers, labels],
    items: (signal) => recordItems(records, who, signal),
  };
}
