import type { KeyBinding } from "../keyboard.ts";
import type { WhyAnswers } from "./answers.ts";
import { SCALES } from "./slice.ts";

/** The keys of "Why this?". */
export function whyKeys({ store }: WhyAnswers, ask: () => void): KeyBinding[] {
  return [
    { keys: ["W"], does: "ask why, by the technique that is chosen", press: { w: ask } },
    {
      keys: ["R"],
      does: "maps robust, raw, or on one scale",
      press: {
        r: () =>
          store.set({ ends: SCALES[(SCALES.indexOf(store.state.ends) + 1) % SCALES.length] ?? "robust" }),
      },
    },
    {
      keys: ["T"],
      does: "measure how far the maps can be trusted",
      press: { t: () => store.set({ trust: !store.state.trust }) },
    },
    {
      keys: ["G"],
      does: "the decoder’s maps, from coarse to fine",
      press: { g: () => store.set({ decoder: !store.state.decoder }) },
    },
    {
      keys: ["L"],
      does: "Grad-CAM along the network",
      press: { l: () => store.set({ layerMaps: !store.state.layerMaps }) },
    },
  ];
}
