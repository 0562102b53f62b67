import { placeOf } from "../places/draw-classes.ts";
import type { WhyAnswers } from "./answers.ts";

/**
 * "Why here?": a press on the picture, or Enter, asks about the class of that place, at that place. A press where there is no
 * class, or where it is asked already, asks about the class wherever it is.
 * @param ask asks by the technique that is chosen, where none was asked yet.
 * @returns how to stop.
 */
export function askHere({ session, store }: WhyAnswers, ask: () => void): () => void {
  const { composed: picture } = session;
  let place: readonly [y: number, x: number] | undefined;
  const press = () => {
    const { labels } = session;
    if (!labels || !place) return;
    const [y, x] = place;
    const target = labels.data[placeOf(labels, { y, x }, session.inputSize)] ?? -1;
    const { at } = store.state;
    if (target < 0 || (at?.[0] === y && at[1] === x)) {
      store.set({ at: undefined });
      return;
    }
    store.set({ target, at: place });
    if (store.state.why.length === 0) ask();
  };
  picture.addEventListener("click", press);
  picture.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !session.labels) return;
    press();
    event.preventDefault();
    event.stopPropagation();
  });
  const stops = [
    session.cursor.listen((at) => {
      if (at) place = [at.y, at.x];
    }),
    session.answered.listen(() => {
      // Only where there is something to choose may it be reached by Tab.
      picture.tabIndex = session.labels ? 0 : -1;
      picture.classList.toggle("choosing", session.labels !== undefined);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
