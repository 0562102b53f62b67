import { places } from "./places/places.ts";
import type { Session } from "./session.ts";
import { SHARED_SLICES, type SharedState } from "./state/shared.ts";
import type { Slice } from "./state/slice.ts";
import type { Store } from "./state/store.ts";
import { want } from "./want/want.ts";
import { why } from "./why/why.ts";

/** The questions that the explorer asks, in the order of their panels. */
export const QUESTIONS = { places, why, want };

type Questions = typeof QUESTIONS;
type Intersection<Union> = (Union extends unknown ? (of: Union) => void : never) extends (
  of: infer All,
) => void
  ? All
  : never;
type StateOfQuestion<Q> = Q extends { readonly slice: Slice<infer S> } ? S : never;

/** Everything that the page can show again from its address. */
export type State = SharedState & Intersection<StateOfQuestion<Questions[keyof Questions]>>;

/** Every slice of the page's state, in the order of the address. */
export const SLICES: readonly Slice<Partial<State>>[] = [
  ...SHARED_SLICES,
  ...Object.values(QUESTIONS).map(({ slice }) => slice),
];

/** The questions of one network, by name. */
export type OpenQuestions = { readonly [Name in keyof Questions]: ReturnType<Questions[Name]["open"]> };

/** Opens every question about the network of a session. */
export function openQuestions(session: Session, store: Store<State>): OpenQuestions {
  const opened = Object.entries(QUESTIONS).map(
    ([name, question]) => [name, question.open(session, store)] as const,
  );
  return Object.fromEntries(opened) as OpenQuestions;
}
