import { FIRST_SAMPLE, isSample } from "../samples.ts";
import type { Slice } from "./slice.ts";

/** The picture that the network sees. */
export interface PictureState {
  /** Its name in the data set; undefined for a picture of one's own. */
  readonly image: string | undefined;
}

const defaults: PictureState = { image: FIRST_SAMPLE };

export const picture: Slice<PictureState> = {
  defaults,
  read(fields) {
    const image = fields.get("image") ?? undefined;
    return { image: isSample(image) ? image : defaults.image };
  },
  write({ image }, put) {
    put("image", image, defaults.image);
  },
};
