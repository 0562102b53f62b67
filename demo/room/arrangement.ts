import { Box3 } from "three/webgpu";
import type { SharedState } from "../state/shared.ts";
import type { Exhibit } from "./exhibit.ts";

/** Distances between exhibits: along the row, one above the other, and around one that is open. */
const ALONG = 1.15;
const ABOVE = 1.3;
const AROUND_OPEN = 1.2;
const AROUND_EXPLODED = 7;

/** The most voxels that are drawn: by all that are closed together, and by the one that is open. */
const VOXELS = {
  software: { closed: 150_000, open: 160_000 },
  hardware: { closed: 900_000, open: 500_000 },
} as const;

/** The exhibit that shows a layer, if there is one. */
export function exhibitOf(exhibits: readonly Exhibit[], layer: string | undefined): Exhibit | undefined {
  return layer === undefined ? undefined : exhibits.find(({ stand }) => stand.stages.includes(layer));
}

export interface Surroundings {
  /** Width over height of what the panels leave free. */
  readonly aspect: number;
  readonly software: boolean;
  /** Put everything there at once, without a journey. */
  readonly settle: boolean;
}

/** Sends every exhibit to its posture and its place: in a row by depth, those of equal depth one above the other. */
export function arrange(
  exhibits: readonly Exhibit[],
  { layer, channel, from, layout, explode }: SharedState,
  { aspect, software, settle }: Surroundings,
  now: number,
): void {
  const chosen = exhibitOf(exhibits, layer);
  const budget = VOXELS[software ? "software" : "hardware"];
  const closed = Math.max(1500, Math.floor(budget.closed / exhibits.length));
  for (const exhibit of exhibits) {
    const open = exhibit === chosen;
    exhibit.pose(
      { open, layout, explode, aspect, voxels: open ? budget.open : closed, map: channel ?? from ?? 0 },
      now,
    );
  }
  const deepest = Math.max(...exhibits.map(({ stand }) => stand.depth));
  let x = 0;
  for (let depth = 0; depth <= deepest; depth++) {
    const column = exhibits.filter(({ stand }) => stand.depth === depth);
    const width = Math.max(...column.map((exhibit) => exhibit.goal.extent.x));
    const room = Math.max(
      ...column.map(({ open, explode: apart }) => (open ? AROUND_OPEN + AROUND_EXPLODED * apart.goal : 0)),
    );
    if (depth > 0) x += ALONG + room;
    let y = 0;
    for (const exhibit of column) {
      if (settle) {
        exhibit.x.put(x + width / 2);
        exhibit.y.put(y);
      } else {
        exhibit.x.send(x + width / 2, now);
        exhibit.y.send(y, now);
      }
      y += exhibit.goal.extent.y + ABOVE;
    }
    x += width + room;
  }
}

/** The view of the selection, or of everything where nothing is selected; angles in radians. */
export function homeOf(
  exhibits: readonly Exhibit[],
  { layer, layout }: SharedState,
  aspect: number,
): { box: Box3; azimuth: number; elevation: number; margin: number } {
  const open = exhibitOf(exhibits, layer);
  if (open?.kind === "picture") return { box: open.goal.box, azimuth: -0.25, elevation: 0.08, margin: 1.4 };
  if (open) {
    const flat = open.kind === "vector" || layout === "sheet";
    return flat
      ? { box: open.goal.box, azimuth: 0, elevation: 0, margin: 1.1 }
      : { box: open.goal.box, azimuth: -0.8, elevation: 0.32, margin: 1.18 };
  }
  const box = new Box3();
  for (const exhibit of exhibits) box.union(exhibit.goal.box);
  // Room for the names below and beside.
  box.min.y -= 0.8;
  box.max.x += 2;
  // The narrower the space and the longer the row, the more it recedes into depth.
  const long = Math.min(0.3, Math.max(0, (box.max.x - box.min.x - 60) / 250));
  const azimuth = -Math.min(1.32, Math.max(0.5, 1.52 - 0.46 * aspect) + long);
  return { box, azimuth, elevation: 0.26 + 0.25 * Math.max(0, 1 - aspect), margin: 1.02 };
}
