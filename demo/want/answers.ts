import { deprocess } from "../../src/index.ts";
import { deepDream, type SyntheticPicture, type Wanted } from "../../src/synthesis.ts";
import { Emitter } from "../emitter.ts";
import type { Session } from "../session.ts";
import { selects } from "../state/selection.ts";
import type { SharedState } from "../state/shared.ts";
import type { Store } from "../state/store.ts";
import { nameOf, type Subject, subjectsOf } from "../subjects.ts";
import { isOpen, type Progress, type Task, type TaskList, type TaskOptions } from "../tasks/queue.ts";
import { type Dream, dreamNamed, FIRST } from "./dreams.ts";
import { type Growing, growingOf, shrunk } from "./growing.ts";
import { dreamSizes, type Growth, keyOf, quickestOf, usualSteps } from "./request.ts";
import { ASKS, type Ask, type WantState } from "./slice.ts";

/** A picture that is asked for. */
export interface AskedPicture<Found extends Growing = Growing> {
  readonly key: string;
  /** What it is for, in words. */
  readonly about: string;
  readonly progress: Progress;
  /** The last picture while it grows, and after it was stopped. */
  readonly live: Growing | undefined;
  readonly found: Found | undefined;
}

/** A channel of a layer on its wall. */
export interface Tile {
  readonly channel: number;
  readonly picture: Growing | undefined;
  /** True where the unit does not fire for its picture. */
  readonly dead: boolean;
}

/** The channels of a layer, each with its picture. */
export interface Wall {
  readonly layer: string;
  readonly tiles: readonly Tile[];
  readonly progress: Progress;
}

/** Channels of a layer whose pictures grow side by side, in one task. */
interface Batch {
  readonly key: string;
  readonly layer: string;
  readonly channels: readonly number[];
  readonly growth: Growth;
}

/** Channels of a wall that grow side by side, in one task. */
const TOGETHER = 16;
const TOGETHER_ON_SOFTWARE = 4;
/** Steps of a wall's pictures, which are small. */
const WALL_STEPS = 128;
const WALL_STEPS_ON_SOFTWARE = 16;
/** Time for which a selection stands before its picture begins to grow, in ms: moving along a layer begins none. */
const SETTLE = 180;

/** The keys of the state that say what is wanted, beside the selection. */
const WANTS = ["want", "of", "by", "steps", "seed", "target"] as const;

/** The pictures that the page's state asks for: says what is wanted, and gives what the tasks found and how far they are. */
export class WantAnswers {
  readonly session: Session;
  readonly store: Store<SharedState & WantState>;
  /** There is something new to draw. */
  readonly changed: Emitter<void> = new Emitter();

  readonly #dreams: TaskList<SyntheticPicture>;
  readonly #deep: TaskList<Growing>;
  readonly #walls: TaskList<readonly SyntheticPicture[]>;
  /** Pictures of tasks that run or were stopped, by their keys. */
  readonly #live = new Map<string, readonly (Growing | undefined)[]>();
  /** The batches of the wall that is asked for. */
  #batches: readonly Batch[] = [];
  /** True when the network has answered to the picture that is shown. */
  #answered = false;
  /** True when it has answered to any: what is asked of one unit comes before a wall. */
  #begun = false;
  /** Number of pictures that were shown. */
  #shown = 0;
  readonly #stops: readonly (() => void)[];

  constructor(session: Session, store: Store<SharedState & WantState>) {
    this.session = session;
    this.store = store;
    this.#dreams = session.tasks.list();
    this.#deep = session.tasks.list();
    this.#walls = session.tasks.list();
    const tell = () => this.changed.emit();
    this.#stops = [
      ...[this.#dreams, this.#deep, this.#walls].map((list) => list.changed.listen(tell)),
      session.shownPicture.listen(() => {
        this.#answered = false;
        this.#shown++;
        this.#deep.forget();
        this.#want();
      }),
      session.answered.listen(() => {
        this.#answered = true;
        this.#begun = true;
        this.#want();
      }),
      store.listen((_, changed) => {
        if (selects(changed) || WANTS.some((key) => changed.has(key))) this.#want();
      }),
    ];
  }

  /** What is asked about: what is selected if it is a unit, else a class, once the network has answered. */
  get subject(): Subject | undefined {
    const { state } = this.store;
    const { of, channel, target } = state;
    const { predictions, mapCounts, head } = this.session;
    const known = typeof of === "number" && of < head.classes;
    const unit = of === undefined && channel !== undefined;
    const asked = known ? of : unit ? "unit" : typeof target === "number" ? target : undefined;
    // A unit, and a class by number, are asked about whatever the picture is.
    if (!this.#answered && asked === undefined) return undefined;
    return subjectsOf({ ...state, target: asked, versus: undefined }, predictions, mapCounts)[0];
  }

  /** The same in words. */
  get about(): string | undefined {
    const { subject } = this;
    return subject === undefined ? undefined : nameOf(this.session.head, subject);
  }

  /** The layer whose pictures are asked for; undefined where none that has maps is selected. */
  get layer(): string | undefined {
    const exhibit = this.session.room.exhibitOf(this.store.state.layer);
    return exhibit && exhibit.kind !== "picture" ? exhibit.layer : undefined;
  }

  /** How the pictures of a wall grow. */
  get wallGrowth(): Growth {
    const { store, session } = this;
    return this.#growthOf(
      dreamNamed(FIRST),
      store.state.seed,
      session.software ? WALL_STEPS_ON_SOFTWARE : WALL_STEPS,
    );
  }

  /** How pictures grow, by what the page's state says. */
  get growth(): Growth {
    const { by, steps, seed } = this.store.state;
    return this.#growthOf(dreamNamed(by), seed, steps);
  }

  get dream(): AskedPicture<SyntheticPicture> | undefined {
    const { subject, about = "" } = this;
    if (subject === undefined || !this.#asks("dream")) return undefined;
    return this.#asked(this.#dreams, keyOf("dream", subject, this.growth), about);
  }

  /** The picture that is shown, with more of the selected layer in it. */
  get deepDream(): AskedPicture | undefined {
    const { layer } = this;
    return layer !== undefined && this.#asks("deep-dream")
      ? this.#asked(this.#deep, deepKey(layer), layer)
      : undefined;
  }

  get wall(): Wall | undefined {
    const { layer } = this;
    if (layer === undefined || this.#batches.length === 0) return undefined;
    const tiles = this.#batches.flatMap(({ key, channels }) => {
      const found = this.#walls.resultOf(key);
      const live = this.#live.get(key);
      return channels.map((channel, n) => ({
        channel,
        picture: found?.[n] ?? live?.[n],
        dead: found?.[n]?.dead ?? false,
      }));
    });
    return { layer, tiles, progress: this.#wallProgress() };
  }

  /** True if something grows, or waits. */
  get busy(): boolean {
    return this.#dreams.busy || this.#deep.busy || this.#walls.busy;
  }

  /** Asks for something, or no more. */
  toggle(ask: Ask): void {
    const { want } = this.store.state;
    this.store.set({ want: ASKS.filter((one) => want.includes(one) !== (one === ask)) });
  }

  /** Stops what runs or waits under a key, until it is asked for again. */
  stop(key: string): void {
    this.#listOf(key).stop(key);
  }

  again(key: string): void {
    this.#listOf(key).again(key);
  }

  /** Stops the wall; the pictures that are done stay. */
  stopWall(): void {
    for (const { key } of this.#batches) this.#walls.stop(key);
  }

  growWallAgain(): void {
    for (const { key } of this.#batches) this.#walls.again(key);
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    for (const list of [this.#dreams, this.#deep, this.#walls]) list.forget();
    this.#live.clear();
  }

  #asks(ask: Ask): boolean {
    return this.store.state.want.includes(ask);
  }

  #growthOf(technique: Dream, seed: number, steps?: number): Growth {
    return {
      technique,
      seed,
      steps: steps ?? usualSteps(technique, this.session.software),
      shown: technique.asks.includes("picture") ? this.#shown : undefined,
    };
  }

  #listOf(key: string): TaskList<unknown> {
    const [kind] = key.split("|");
    return (
      kind === "dream" ? this.#dreams : kind === "wall" ? this.#walls : this.#deep
    ) as TaskList<unknown>;
  }

  #asked<Found extends Growing>(list: TaskList<Found>, key: string, about: string): AskedPicture<Found> {
    const found = list.resultOf(key);
    return { key, about, progress: list.progressOf(key), live: this.#live.get(key)?.[0], found };
  }

  /** Says what is wanted, and lets go of pictures that nobody asks for any more. */
  #want(): void {
    const { subject, growth, layer } = this;
    const begins = this.#answered || growth.shown === undefined;
    const dream = subject !== undefined && begins && this.#asks("dream");
    this.#dreams.want(dream ? [this.#dreamTask(subject, growth)] : []);
    const deep = layer !== undefined && this.#answered && this.#asks("deep-dream");
    this.#deep.want(deep ? [this.#deepTask(layer)] : []);
    const wall = layer !== undefined && this.#begun && this.#asks("wall");
    this.#batches = wall ? this.#batchesOf(layer) : [];
    this.#walls.want(this.#batches.map((batch) => this.#wallTask(batch)));
    const wanted = new Set([
      ...(dream ? [keyOf("dream", subject, growth)] : []),
      ...(deep ? [deepKey(layer)] : []),
      ...this.#batches.map(({ key }) => key),
    ]);
    for (const key of this.#live.keys()) if (!wanted.has(key)) this.#live.delete(key);
    this.changed.emit();
  }

  #dreamTask(subject: Subject, growth: Growth): Task<SyntheticPicture> {
    const key = keyOf("dream", subject, growth);
    return {
      key,
      priority: "answer",
      run: async (options) => {
        const [picture] = await this.#grow(key, [this.#wantedOf(subject)], growth, options);
        if (!picture) throw new Error("nothing was made");
        return picture;
      },
    };
  }

  #wallTask({ key, layer, channels, growth }: Batch): Task<readonly SyntheticPicture[]> {
    const wanted = channels.map((channel) => ({ layer, channel }));
    return { key, priority: "overview", run: (options) => this.#grow(key, wanted, growth, options) };
  }

  async #grow(
    key: string,
    wanted: readonly Wanted[],
    { technique, steps, seed }: Growth,
    options: TaskOptions,
  ): Promise<readonly SyntheticPicture[]> {
    const { session } = this;
    await settle(options.signal);
    const request = {
      objective: wanted,
      ...(technique.asks.includes("picture") ? { picture: deprocess(session.input, session.graph) } : {}),
    };
    const { pictures } = await technique.run(session.networks, request, {
      ...(session.software ? quickestOf(technique) : {}),
      ...{ steps, seed },
      ...options,
      onPicture: ({ step, pictures, shape }) => {
        const growing = pictures.map((data) => ({ data, shape, step }));
        this.#show(
          key,
          growing.map((one) => (one.data.length > 0 ? one : undefined)),
          options,
        );
      },
    });
    return pictures;
  }

  #deepTask(layer: string): Task<Growing> {
    const key = deepKey(layer);
    return {
      key,
      priority: "answer",
      run: async (options) => {
        const { session } = this;
        await settle(options.signal);
        if (!session.shown) throw new Error("there is no picture to dream of");
        const { octaves, longest } = dreamSizes(session);
        return deepDream(session.networks, growingOf(shrunk(session.shown.pixels, longest)), {
          ...{ layer, octaves },
          ...options,
          onPicture: (one) => this.#show(key, [one], options),
        });
      },
    };
  }

  /** Shows pictures as far as they are; those of a task that was stopped come too late. */
  #show(key: string, pictures: readonly (Growing | undefined)[], { signal }: TaskOptions): void {
    if (signal.aborted) return;
    this.#live.set(key, pictures);
    this.changed.emit();
  }

  /** A class or a unit as the techniques name it. */
  #wantedOf(subject: Subject): Wanted {
    const { session } = this;
    if (typeof subject === "number") return { class: subject, output: session.head.name };
    return session.targetOf(subject);
  }

  /** The channels of a layer in the batches in which they grow. */
  #batchesOf(layer: string): Batch[] {
    const { room, software } = this.session;
    const exhibit = room.exhibitOf(layer);
    const channels = exhibit?.form.mapsAreChannels ? exhibit.size[2] : 0;
    const growth = this.wallGrowth;
    const together = software ? TOGETHER_ON_SOFTWARE : TOGETHER;
    return Array.from({ length: Math.ceil(channels / together) }, (_, batch) => {
      const first = batch * together;
      const own = Array.from({ length: Math.min(together, channels - first) }, (_, n) => first + n);
      return { key: keyOf("wall", { layer, channel: first }, growth), layer, channels: own, growth };
    });
  }

  /** How far all batches are together. */
  #wallProgress(): Progress {
    const all = this.#batches.map(({ key }) => this.#walls.progressOf(key));
    const failed = all.find(({ stage }) => stage === "failed");
    if (failed) return failed;
    if (all.every(({ stage }) => stage === "done")) return { stage: "done" };
    if (!all.some(isOpen)) return { stage: "stopped" };
    const parts = all.map((one) =>
      one.stage === "working" ? (one.fraction ?? 0) : one.stage === "done" ? 1 : 0,
    );
    return { stage: "working", fraction: parts.reduce((sum, part) => sum + part, 0) / all.length };
  }
}

const deepKey = (layer: string): string => `deep|${layer}`;

/** Waits until a selection has stood for a moment. @throws the signal's reason. */
async function settle(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE));
  signal.throwIfAborted();
}
