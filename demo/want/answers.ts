import { Emitter } from "../emitter.ts";
import type { Session } from "../session.ts";
import { selects } from "../state/selection.ts";
import type { SharedState } from "../state/shared.ts";
import type { Store } from "../state/store.ts";
import { isOpen, type Progress, type Task, type TaskList } from "../tasks/queue.ts";
import { Asked } from "./asked.ts";
import type { Card, Grown, GrownPicture, Part } from "./card.ts";
import { cardOf } from "./cards.ts";
import { Film } from "./film.ts";
import type { Growing } from "./growing.ts";
import { ASKS, type Ask, type WantState, wantSlice } from "./slice.ts";
import { StyleCamera } from "./style-camera.ts";

/** A picture of a card as far as it is. */
export interface CardPicture {
  readonly name: string;
  readonly picture: GrownPicture | undefined;
  /** True when it grows no more. */
  readonly done: boolean;
}

/** Time for which a selection stands before its picture begins to grow, in ms: moving along a layer begins none. */
const SETTLE = 180;

/** The keys of the state that say what is wanted, beside the selection. */
const WANTS = ["target", "output", ...Object.keys(wantSlice.defaults)];

/** The pictures that the page's state asks for: has them grown, and gives what was found and how far it is. */
export class WantAnswers {
  readonly session: Session;
  readonly store: Store<SharedState & WantState>;
  readonly asked: Asked;
  readonly camera: StyleCamera;
  /** There is something new to draw. */
  readonly changed: Emitter<void> = new Emitter();

  /** What grows whatever the picture is, and what is about the picture that is shown. */
  readonly #lasting: TaskList<Grown>;
  readonly #passing: TaskList<Grown>;
  #cards: readonly Card[] = [];
  /** Pictures of tasks that run or were stopped, by their keys, and how they came about. */
  readonly #live = new Map<string, readonly (Growing | undefined)[]>();
  readonly #films = new Map<string, Film>();
  /** True when the network has answered to any picture: what is asked of one unit comes before a wall. */
  #begun = false;
  readonly #stops: readonly (() => void)[];

  constructor(session: Session, store: Store<SharedState & WantState>) {
    this.session = session;
    this.store = store;
    this.asked = new Asked(session, store);
    this.camera = new StyleCamera(this.asked.style, session.software);
    this.#lasting = session.tasks.list();
    this.#passing = session.tasks.list();
    const tell = () => this.changed.emit();
    this.#stops = [
      ...[this.#lasting, this.#passing].map((list) => list.changed.listen(tell)),
      this.camera.changed.listen(tell),
      ...[this.asked.style, this.asked.generator, this.asked.naturals].map(({ changed }) =>
        changed.listen(() => this.want()),
      ),
      session.shownPicture.listen(() => {
        this.asked.answered = false;
        this.asked.shown++;
        this.#passing.forget();
        this.want();
      }),
      session.answered.listen(() => {
        this.asked.answered = true;
        this.#begun = true;
        this.want();
      }),
      store.listen((_, changed) => {
        if (selects(changed) || WANTS.some((key) => changed.has(key as never))) this.want();
      }),
    ];
  }

  /** What is asked for, in the order of its cards. */
  get cards(): readonly Card[] {
    return this.#cards;
  }

  /** A card that is asked for. */
  card(ask: Ask): Card | undefined {
    return this.#cards.find((card) => card.ask === ask);
  }

  /** The pictures of a card, as far as they are. */
  picturesOf({ ask, parts, ofPicture }: Card): CardPicture[] {
    const { frame } = this.camera;
    if (frame && ask === "feed-forward-style") return [{ name: "camera", picture: frame, done: false }];
    return parts.flatMap(({ key, names }) => {
      const found = this.#list(ofPicture).resultOf(key)?.pictures;
      const live = this.#live.get(key);
      return names.map((name, n) => ({ name, picture: found?.[n] ?? live?.[n], done: found !== undefined }));
    });
  }

  /** What its parts have found. */
  grownOf({ parts, ofPicture }: Card): Grown[] {
    return parts.flatMap(({ key }) => this.#list(ofPicture).resultOf(key) ?? []);
  }

  /** How a card's only picture came about. */
  filmOf({ parts }: Card): Film | undefined {
    const [part, ...others] = parts;
    return part && others.length === 0 ? this.#films.get(part.key) : undefined;
  }

  /** How far all parts of a card are together. */
  progressOf({ parts, ofPicture }: Card): Progress {
    const all = parts.map(({ key }) => this.#list(ofPicture).progressOf(key));
    const [first] = all;
    if (first && all.length === 1) return first;
    const failed = all.find(({ stage }) => stage === "failed");
    if (failed) return failed;
    if (all.every(({ stage }) => stage === "done")) return { stage: "done" };
    if (!all.some(isOpen)) return { stage: "stopped" };
    const shares = all.map((one) =>
      one.stage === "working" ? (one.fraction ?? 0) : one.stage === "done" ? 1 : 0,
    );
    return { stage: "working", fraction: shares.reduce((sum, share) => sum + share, 0) / all.length };
  }

  /** True if something grows, or waits. */
  get busy(): boolean {
    return this.#lasting.busy || this.#passing.busy;
  }

  /** Asks for something, or no more. */
  toggle(ask: Ask): void {
    const { want } = this.store.state;
    this.store.set({ want: ASKS.filter((one) => want.includes(one) !== (one === ask)) });
  }

  /** Stops what runs or waits of a card, until it is asked for again; what is done stays. */
  stop({ parts, ofPicture }: Card): void {
    for (const { key } of parts) this.#list(ofPicture).stop(key);
  }

  again({ parts, ofPicture }: Card): void {
    for (const { key } of parts) this.#list(ofPicture).again(key);
  }

  /** Says what is wanted now, and lets go of pictures that nobody asks for any more. */
  want(): void {
    const { want } = this.store.state;
    this.#cards = want.map((ask) => cardOf(this.asked, ask));
    for (const ofPicture of [false, true]) {
      const own = this.#cards.filter((card) => card.ofPicture === ofPicture);
      this.#list(ofPicture).want(own.flatMap((card) => this.#tasksOf(card)));
    }
    const wanted = new Set(this.#cards.flatMap(({ parts }) => parts.map(({ key }) => key)));
    for (const kept of [this.#live, this.#films]) {
      for (const key of kept.keys()) if (!wanted.has(key)) kept.delete(key);
    }
    if (!want.includes("feed-forward-style") && this.camera.runs) this.camera.stop();
    this.changed.emit();
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    this.#lasting.forget();
    this.#passing.forget();
    this.camera.stop();
    this.asked.dispose();
    this.#live.clear();
  }

  #list(ofPicture: boolean): TaskList<Grown> {
    return ofPicture ? this.#passing : this.#lasting;
  }

  #tasksOf({ ask, parts }: Card): Task<Grown>[] {
    const wall = ask === "wall";
    if (wall && !this.#begun) return [];
    return parts.map((part) => ({
      key: part.key,
      priority: wall ? "overview" : "answer",
      run: (options) => this.#grow(part, options),
    }));
  }

  async #grow({ key, grow }: Part, options: Parameters<Part["grow"]>[0]): Promise<Grown> {
    await settle(options.signal);
    const film = new Film();
    this.#films.set(key, film);
    return grow(options, (pictures) => {
      // Pictures of a task that was stopped come too late.
      if (options.signal.aborted) return;
      this.#live.set(key, pictures);
      if (pictures[0] && pictures.length === 1) film.add(pictures[0]);
      this.changed.emit();
    });
  }
}

/** Waits until a selection has stood for a moment. @throws the signal's reason. */
async function settle(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE));
  signal.throwIfAborted();
}
