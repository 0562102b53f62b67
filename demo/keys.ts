import { SEQUENTIAL_MAPS } from "../src/figures.ts";
import type { KeyBinding } from "./keyboard.ts";
import { down, moveAlong, turnPage, up } from "./navigation.ts";
import { randomSample } from "./samples.ts";
import type { Session } from "./session.ts";
import { select } from "./state/selection.ts";
import { toggleTheme } from "./theme.ts";

/** Makes another of the strongest classes the target, and what is asked is asked of it. */
function swapClass(session: Session, by: number): void {
  const { store, predictions } = session;
  const { target } = store.state;
  const at = predictions.findIndex(({ index }) => index === target);
  const next = predictions[(Math.max(0, at) + by + predictions.length) % Math.max(1, predictions.length)];
  if (next) store.set({ target: next === predictions[0] ? undefined : next.index });
}

/** The keys that move through the network and change how it stands in the room. */
export function roomKeys(session: Session): KeyBinding[] {
  const { store, room } = session;
  const threshold = (by: number) => {
    const next = Number((store.state.threshold + by).toFixed(3));
    store.set({ threshold: Math.min(1, Math.max(0, next)) });
  };
  const explode = () => {
    const { layout, explode } = store.state;
    store.set({ layout: "stack", explode: layout === "stack" && explode > 0.5 ? 0 : 1 });
  };
  const nextColors = () => {
    const next = SEQUENTIAL_MAPS[(SEQUENTIAL_MAPS.indexOf(store.state.colors) + 1) % SEQUENTIAL_MAPS.length];
    if (next) store.set({ colors: next });
  };
  return [
    {
      keys: ["Enter"],
      does: "one level down: image, layer, map, voxel",
      press: { Enter: () => down(session) },
    },
    {
      keys: ["Esc"],
      does: "one level up, or from a class at a place to all of it",
      press: { Escape: () => up(session) },
    },
    {
      keys: ["←", "→", "↑", "↓"],
      does: "along the level",
      press: {
        ArrowLeft: () => moveAlong(session, -1, 0),
        ArrowRight: () => moveAlong(session, 1, 0),
        ArrowUp: () => moveAlong(session, 0, -1),
        ArrowDown: () => moveAlong(session, 0, 1),
      },
    },
    {
      keys: ["Home", "End"],
      does: "the image, the answer",
      press: {
        Home: () => select(store, { layer: room.exhibits[0]?.layer }),
        End: () => select(store, { layer: room.exhibits.at(-1)?.layer }),
      },
    },
    {
      keys: ["Page Up", "Page Down"],
      does: "the maps before, the maps after, where not all are shown",
      press: { PageUp: () => turnPage(session, -1), PageDown: () => turnPage(session, 1) },
    },
    { keys: ["Space"], does: "another picture", press: { " ": () => store.set({ image: randomSample() }) } },
    {
      keys: ["S"],
      does: "stack or sheet",
      press: { s: () => store.set({ layout: store.state.layout === "stack" ? "sheet" : "stack" }) },
    },
    { keys: ["E"], does: "explode the stack into maps", press: { e: explode } },
    {
      keys: ["[", "]"],
      does: "threshold down, up",
      press: { "[": () => threshold(-0.02), "]": () => threshold(0.02) },
    },
    {
      keys: ["M"],
      does: "scale per layer or per map",
      press: { m: () => store.set({ scale: store.state.scale === "map" ? "layer" : "map" }) },
    },
    { keys: ["C"], does: "next colour map", press: { c: nextColors } },
  ];
}

/** The keys that choose what questions are about. */
export function subjectKeys(session: Session): KeyBinding[] {
  const { store } = session;
  return [
    {
      keys: [",", "."],
      does: "ask about another of the five classes",
      press: { ",": () => swapClass(session, -1), ".": () => swapClass(session, 1) },
    },
    {
      keys: ["B"],
      does: "the runner-up beside it",
      press: { b: () => store.set({ versus: store.state.versus === undefined ? "second" : undefined }) },
    },
  ];
}

/** The keys of the page itself. */
export function pageKeys(
  { store, room }: Session,
  page: { readonly fold: () => void; readonly png: () => void; readonly help: () => void },
): KeyBinding[] {
  return [
    { keys: ["F"], does: "frame what is selected", press: { f: () => room.home() } },
    { keys: ["D"], does: "light or dark", press: { d: () => toggleTheme(store) } },
    { keys: ["H"], does: "hide or show the panels", press: { h: page.fold } },
    { keys: ["P"], does: "save the room as PNG", press: { p: page.png } },
    {
      keys: ["⇧ arrows"],
      does: "fly; ⇧ with Page Up and Page Down for height",
      press: {
        "Shift+ArrowLeft": () => room.fly(-0.12, 0, 0),
        "Shift+ArrowRight": () => room.fly(0.12, 0, 0),
        "Shift+ArrowUp": () => room.fly(0, 0, 0.12),
        "Shift+ArrowDown": () => room.fly(0, 0, -0.12),
        "Shift+PageUp": () => room.fly(0, 0.1, 0),
        "Shift+PageDown": () => room.fly(0, -0.1, 0),
      },
    },
    { keys: ["?"], does: "these keys", press: { "?": page.help } },
  ];
}
