import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { sha256 } from "../graph/digest.ts";
import { assertPixels, type Pixels } from "../images/pixels.ts";
import type { Source } from "./source.ts";
import { sourceOf } from "./source-of.ts";

/** A picture in memory. */
export interface ArrayItem {
  readonly pixels: Pixels;
  readonly label?: string | undefined;
  /** Default: its number. */
  readonly id?: string | undefined;
}

/**
 * Pictures that are in memory. The classes are the labels in the order in which they first come; the digest is that of the pixels.
 * @throws InputError when there are none, or one has another number of values than its size says.
 */
export function arraySource(pictures: readonly ArrayItem[], name = "pictures"): Source {
  if (!Array.isArray(pictures) || pictures.length === 0) {
    throw new InputError(
      `arraySource: expected a list of { pixels, label?, id? }, got ${describe(pictures)}`,
    );
  }
  for (const { pixels } of pictures) assertPixels(pixels);
  const labels = [...new Set(pictures.map(({ label }) => label))].filter((label) => label !== undefined);
  return sourceOf({
    name,
    count: pictures.length,
    labels: labels.length > 0 ? labels : undefined,
    async identity() {
      const all = [];
      for (const { id, label, pixels } of pictures) {
        const { width, height, data } = pixels;
        all.push([id, label, width, height, await sha256(Uint8Array.from(data))]);
      }
      return ["array", all];
    },
    *items() {
      for (const [i, { id = `${i}`, label, pixels }] of pictures.entries()) {
        yield { id, label, load: async () => pixels };
      }
    },
  });
}
