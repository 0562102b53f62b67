import { counted, type Slice, wholeIn } from "./slice.ts";
import type { Changes, Store } from "./store.ts";

/** A place in the network: image › layer › channel › voxel. Each level needs the one before. */
export interface Selection {
  readonly layer?: string | undefined;
  readonly channel?: number | undefined;
  readonly y?: number | undefined;
  readonly x?: number | undefined;
}

/** The place that is looked at, and which maps of an open layer are shown. */
export interface SelectionState extends Required<Selection> {
  /** The first map of those shown of an open layer, or any of the same page, while no map is selected. */
  readonly from: number | undefined;
}

const LEVELS = ["layer", "channel", "y", "x"] as const;
const defaults: SelectionState = {
  layer: undefined,
  channel: undefined,
  y: undefined,
  x: undefined,
  from: undefined,
};

export const selection: Slice<SelectionState> = {
  defaults,
  withNetwork: defaults,
  read(fields) {
    const layer = fields.get("layer") ?? undefined;
    const channel = layer === undefined ? undefined : wholeIn(fields.get("channel"));
    const [y, x] = (fields.get("voxel") ?? "").split(",").map((text) => wholeIn(text));
    const voxel = channel !== undefined && y !== undefined && x !== undefined;
    return {
      layer,
      channel,
      y: voxel ? y : undefined,
      x: voxel ? x : undefined,
      from: channel ?? (layer === undefined ? undefined : wholeIn(fields.get("from"))),
    };
  },
  write({ layer, channel, y, x, from }, put) {
    put("layer", layer);
    put("channel", channel);
    if (y !== undefined && x !== undefined) put("voxel", `${y},${x}`);
    if (channel === undefined) put("from", from, 0);
  },
  /** The page of maps that is shown follows the map that is selected, and stays when that is let go. */
  follow({ layer, channel }, before, change) {
    if (channel !== undefined) return { from: channel };
    return layer !== before.layer && !("from" in change) ? { from: undefined } : {};
  },
  /** A layer that another one shows becomes that one. */
  admit(state, { exhibits }) {
    const { layer, channel, y, x } = state;
    if (layer === undefined) return { change: {}, refused: [] };
    const exhibit = exhibits.find(({ stand }) => stand.stages.includes(layer));
    if (!exhibit) return { change: defaults, refused: [`There is no layer “${layer}” in this network.`] };
    const [height, width, channels] = exhibit.size;
    const name = exhibit.kind === "picture" ? "The image" : exhibit.layer;
    const has = (map: number) => `${name} has ${counted(channels, "map")}; there is no map ${map}.`;
    const open = { ...defaults, layer: exhibit.layer };
    if (channel !== undefined && exhibit.kind === "picture") {
      return { change: open, refused: ["The image has no maps to select."] };
    }
    if (channel !== undefined && channel >= channels) return { change: open, refused: [has(channel)] };
    const refused: string[] = [];
    let change: Partial<SelectionState> = { layer: exhibit.layer };
    if (y !== undefined && x !== undefined && (y >= height || x >= width)) {
      refused.push(`Maps of ${name} have ${height} × ${width} values; there is none at (y ${y}, x ${x}).`);
      change = { ...change, y: undefined, x: undefined };
    }
    if (state.from !== undefined && state.from >= channels) {
      refused.push(has(state.from));
      change = { ...change, from: undefined };
    }
    return { change, refused };
  },
};

/** Selects exactly this, forgetting deeper levels. */
export function select(store: Store<SelectionState>, { layer, channel, y, x }: Selection): void {
  store.set({ layer, channel, y, x });
}

/** True if a change touches the selection. */
export function selects(changed: Pick<Changes<SelectionState>, "has">): boolean {
  return LEVELS.some((key) => changed.has(key));
}

/** Depth of the selection: 0 image, 1 layer, 2 channel, 3 voxel. */
export function levelOf({ layer, channel, y }: Selection): 0 | 1 | 2 | 3 {
  if (layer === undefined) return 0;
  if (channel === undefined) return 1;
  return y === undefined ? 2 : 3;
}
