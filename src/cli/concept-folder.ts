import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { SourcePicture } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import type { ConceptMasks } from "../lab/concepts.ts";
import { readImage } from "../node/image.ts";

/**
 * Masks of concepts in a folder: `PICTURE/CONCEPT.png`, where PICTURE is the picture's id without its extension. What is lighter than
 * half grey is the concept. A picture without a folder has no concept, and the size of its own pixels.
 * @throws InputError where masks of one picture differ in size, or the folder cannot be read.
 */
export async function conceptFolder(
  path: string,
): Promise<(picture: SourcePicture) => Promise<ConceptMasks>> {
  await readdir(path).catch((error: Error) => {
    throw new InputError(
      `--masks expects a folder with a folder of masks for each picture, got ${error.message}`,
    );
  });
  return async ({ id, pixels }) => {
    const folder = join(path, id.replace(/\.\w+$/, ""));
    const files = (await readdir(folder).catch(() => [])).filter((file) => /\.png$/i.test(file)).sort();
    const masks = new Map<string, Uint8Array>();
    let [width, height] = [pixels.width, pixels.height];
    for (const file of files) {
      const mask = await readImage(join(folder, file));
      if (masks.size > 0 && (mask.width !== width || mask.height !== height)) {
        throw new InputError(
          `--masks expects masks of one size for "${id}", got ${width}×${height} and ${mask.width}×${mask.height} in ${folder}`,
        );
      }
      [width, height] = [mask.width, mask.height];
      if (Math.abs(width * pixels.height - height * pixels.width) > Math.max(pixels.width, pixels.height)) {
        throw new InputError(
          `--masks expects masks of the proportions of "${id}", ${pixels.width}×${pixels.height}, got ${width}×${height} in ${join(folder, file)}`,
        );
      }
      masks.set(
        file.replace(/\.png$/i, ""),
        Uint8Array.from({ length: width * height }, (_, i) => Number((mask.data[3 * i] ?? 0) > 127)),
      );
    }
    return { width, height, masks };
  };
}
