import type { KeyBinding } from "./keyboard.ts";
import type { Panel } from "./panels/panel.ts";
import type { Session } from "./session.ts";
import type { SharedState } from "./state/shared.ts";
import type { Slice } from "./state/slice.ts";
import type { Store } from "./state/store.ts";

/** A question as it is asked of one network, until another network comes. */
export interface OpenQuestion {
  readonly panels: readonly Panel[];
  readonly keys: readonly KeyBinding[];
  dispose(): void;
}

/**
 * A question that the explorer asks of a network: its slice of the page's state, and its panels and keys. Its work goes
 * through the session's task queue and its networks come from the session's pool.
 */
export interface Question<S extends object, Opened extends OpenQuestion> {
  readonly slice: Slice<S>;
  open(session: Session, store: Store<SharedState & S>): Opened;
}
