import { oneOf, type Slice, shareIn } from "./slice.ts";

export type Layout = "stack" | "sheet";
export type Scale = "layer" | "map";

/** The stand of the volumes in the room, and the place that they are seen from. */
export interface RoomViewState {
  readonly layout: Layout;
  /** 0: one block, 1: every map by itself. */
  readonly explode: number;
  /** Share of the scale below which a voxel is not drawn. */
  readonly threshold: number;
  readonly scale: Scale;
  /** Camera, as its own text; undefined: where everybody begins. */
  readonly view: string | undefined;
}

const defaults: RoomViewState = {
  layout: "sheet",
  explode: 0,
  threshold: 0.1,
  scale: "layer",
  view: undefined,
};

export const roomView: Slice<RoomViewState> = {
  defaults,
  withNetwork: { view: undefined },
  read: (fields) => ({
    layout: oneOf(fields.get("layout"), ["stack", "sheet"], defaults.layout),
    explode: shareIn(fields.get("explode"), defaults.explode),
    threshold: shareIn(fields.get("threshold"), defaults.threshold),
    scale: oneOf(fields.get("scale"), ["layer", "map"], defaults.scale),
    view: fields.get("view") ?? undefined,
  }),
  write({ layout, explode, threshold, scale, view }, put) {
    put("layout", layout, defaults.layout);
    put("explode", Number(explode.toFixed(2)), defaults.explode);
    put("threshold", Number(threshold.toFixed(3)), defaults.threshold);
    put("scale", scale, defaults.scale);
    put("view", view);
  },
};
