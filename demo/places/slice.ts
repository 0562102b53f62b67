import { type Slice, shareIn } from "../state/slice.ts";

/** The classes of a picture's places, as they lie over it. */
export interface PlacesState {
  /** True if they lie over the picture. */
  readonly classes: boolean;
  /** The strength with which they cover it, 0 to 1. */
  readonly cover: number;
}

const defaults: PlacesState = { classes: true, cover: 0.55 };

export const placesSlice: Slice<PlacesState> = {
  defaults,
  read: (fields) => ({
    classes: fields.get("classes") !== "off",
    cover: shareIn(fields.get("cover"), defaults.cover),
  }),
  write({ classes, cover }, put) {
    put("classes", classes ? undefined : "off");
    put("cover", Number(cover.toFixed(2)), defaults.cover);
  },
};
