import type { KeyBinding } from "../keyboard.ts";
import type { WantAnswers } from "./answers.ts";

/** The keys of "What does it want?". */
export function wantKeys(answers: WantAnswers): KeyBinding[] {
  const { store } = answers;
  return [
    { keys: ["V"], does: "grow the picture that it wants", press: { v: () => answers.toggle("dream") } },
    {
      keys: ["N"],
      does: "the same from another seed",
      press: { n: () => store.set({ seed: store.state.seed + 1 }) },
    },
    {
      keys: ["Y"],
      does: "DeepDream: the picture with more of the layer in it",
      press: { y: () => answers.toggle("deep-dream") },
    },
    {
      keys: ["A"],
      does: "the wall: all channels of the layer",
      press: { a: () => answers.toggle("wall") },
    },
  ];
}
