import type { Session } from "./session.ts";
import { levelOf, select } from "./state/selection.ts";

/** One level down from what is selected. */
export function down(session: Session): void {
  const { store, room } = session;
  const { layer, channel } = store.state;
  const exhibit = room.exhibitOf(layer);
  const level = levelOf(store.state);
  if (level === 0 || !exhibit) {
    select(store, { layer: room.exhibits[1]?.layer ?? room.exhibits[0]?.layer });
  } else if (exhibit.kind === "picture") {
    select(store, { layer: room.exhibits[1]?.layer });
  } else if (level === 1) {
    select(store, { layer, channel: 0 });
  } else if (level === 2 && exhibit.kind === "volume") {
    select(store, { layer, channel, y: Math.floor(exhibit.size[0] / 2), x: Math.floor(exhibit.size[1] / 2) });
  }
}

/** One level up; from a class at a place, to the class wherever it is. */
export function up(session: Session): void {
  const { store } = session;
  const { layer, channel, at } = store.state;
  const level = levelOf(store.state);
  if (at) store.set({ at: undefined });
  else if (level === 3) select(store, { layer, channel });
  else if (level === 2) select(store, { layer });
  else select(store, {});
}

/** Along the level that is selected: to the next layer, map or voxel. */
export function moveAlong(session: Session, dx: number, dy: number): void {
  const { store, room } = session;
  const { layer, channel = 0, y = 0, x = 0 } = store.state;
  const exhibit = room.exhibitOf(layer);
  const level = levelOf(store.state);
  const within = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));
  if (level <= 1 || !exhibit) {
    const index = exhibit ? exhibit.index + dx + dy : dx + dy > 0 ? 0 : room.exhibits.length - 1;
    const next = room.exhibits[within(index, room.exhibits.length)];
    select(store, { layer: next?.layer });
    return;
  }
  const [height, width, channels] = exhibit.size;
  if (level === 2) {
    const next = channel + dx + dy * (exhibit.goal.placing.sheet === 1 ? exhibit.goal.placing.columns : 1);
    if (next >= 0 && next < channels) select(store, { layer, channel: next });
  } else {
    select(store, { layer, channel, y: within(y + dy, height), x: within(x + dx, width) });
  }
}

/** Turns to another page of an open layer's maps; a selected map becomes the one at its place there. */
export function turnPage(session: Session, by: number): void {
  const { store, room } = session;
  const { layer, channel, from = 0 } = store.state;
  const exhibit = room.exhibitOf(layer);
  if (exhibit?.kind !== "volume") return;
  const [, , channels] = exhibit.size;
  const { most } = exhibit;
  const first = Math.floor(from / most) * most + by * most;
  if (first < 0 || first >= channels) return;
  const next = Math.min(from + by * most, channels - 1);
  if (channel === undefined) store.set({ from: first });
  else select(store, { layer, channel: next });
}
