import { SEQUENTIAL_MAPS } from "../src/index.ts";
import { randomSample } from "./samples.ts";
import type { Session } from "./session.ts";
import { levelOf, select } from "./state/selection.ts";
import { toggleTheme } from "./theme.ts";
import { SCALES } from "./why/slice.ts";

export interface KeyActions {
  help(): void;
  why(): void;
  png(): void;
  fold(): void;
}

/** One level down from what is selected. */
function down(session: Session): void {
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

/** One level up. */
export function up(session: Session): void {
  const { store } = session;
  const { layer, channel } = store.state;
  const level = levelOf(store.state);
  if (level === 3) select(store, { layer, channel });
  else if (level === 2) select(store, { layer });
  else select(store, {});
}

/** Along the level that is selected. */
function along(session: Session, dx: number, dy: number): void {
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

/** To another page of an open layer's maps; a selected map becomes the one at its place there. */
export function page(session: Session, by: number): void {
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

/** Makes another of the strongest classes the target, and what is asked is asked of it. */
function swapClass(session: Session, by: number): void {
  const { store, answers } = session;
  const { target } = store.state;
  const at = answers.findIndex(({ index }) => index === target);
  const next = answers[(Math.max(0, at) + by + answers.length) % Math.max(1, answers.length)];
  if (next) store.set({ target: next === answers[0] ? undefined : next.index });
}

/** The whole page by keys. Returns how to stop listening. */
export function attachKeyboard(session: Session, actions: KeyActions): () => void {
  const { store, room } = session;
  const listen = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const arrows: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    // Controls keep the keys that they need themselves.
    const control = target.closest("input, select, textarea");
    const presses = target.closest("button");
    if (control && (event.key in arrows || event.key === "Enter" || event.key === " ")) return;
    if (control instanceof HTMLSelectElement && event.key.length === 1) return;
    if (presses && !presses.closest(".strip") && (event.key === " " || event.key === "Enter")) return;

    const { state } = store;
    const arrow = arrows[event.key];
    if (arrow && event.shiftKey) room.fly(arrow[0] * 0.12, 0, -arrow[1] * 0.12);
    else if (event.shiftKey && event.key === "PageUp") room.fly(0, 0.1, 0);
    else if (event.shiftKey && event.key === "PageDown") room.fly(0, -0.1, 0);
    else if (arrow) along(session, arrow[0], arrow[1]);
    else if (event.key === "PageUp") page(session, -1);
    else if (event.key === "PageDown") page(session, 1);
    else if (event.key === "Enter") down(session);
    else if (event.key === "Escape") up(session);
    else if (event.key === " ") store.set({ image: randomSample() });
    else if (event.key === "Home") select(store, { layer: room.exhibits[0]?.layer });
    else if (event.key === "End") select(store, { layer: room.exhibits.at(-1)?.layer });
    else if (event.key === "?") actions.help();
    else if (event.key === ",") swapClass(session, -1);
    else if (event.key === ".") swapClass(session, 1);
    else if (event.key === "[")
      store.set({ threshold: Math.max(0, Number((state.threshold - 0.02).toFixed(3))) });
    else if (event.key === "]")
      store.set({ threshold: Math.min(1, Number((state.threshold + 0.02).toFixed(3))) });
    else {
      switch (event.key.toLowerCase()) {
        case "s":
          store.set({ layout: state.layout === "stack" ? "sheet" : "stack" });
          break;
        case "e":
          store.set({ layout: "stack", explode: state.layout === "stack" && state.explode > 0.5 ? 0 : 1 });
          break;
        case "m":
          store.set({ scale: state.scale === "map" ? "layer" : "map" });
          break;
        case "c": {
          const next = SEQUENTIAL_MAPS[(SEQUENTIAL_MAPS.indexOf(state.colors) + 1) % SEQUENTIAL_MAPS.length];
          if (next) store.set({ colors: next });
          break;
        }
        case "f":
          room.home();
          break;
        case "h":
          actions.fold();
          break;
        case "w":
          actions.why();
          break;
        case "b":
          store.set({ versus: state.versus === undefined ? "second" : undefined });
          break;
        case "r": {
          const next = SCALES[(SCALES.indexOf(state.ends) + 1) % SCALES.length];
          if (next) store.set({ ends: next });
          break;
        }
        case "t":
          store.set({ trust: !state.trust });
          break;
        case "l":
          store.set({ along: !state.along });
          break;
        case "d":
          toggleTheme(store);
          break;
        case "p":
          actions.png();
          break;
        default:
          return;
      }
    }
    event.preventDefault();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}
