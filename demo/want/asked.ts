import { deprocess, type Pixels } from "../../src/index.ts";
import type { Wanted } from "../../src/synthesis.ts";
import { drawSample } from "../samples.ts";
import type { Session, ShownPicture } from "../session.ts";
import type { SharedState } from "../state/shared.ts";
import type { Store } from "../state/store.ts";
import { nameOf, type Subject, subjectsOf } from "../subjects.ts";
import { type Dream, dreamNamed, FIRST } from "./dreams.ts";
import { Generator } from "./generator.ts";
import { shrunk } from "./growing.ts";
import { type Growth, usualSteps } from "./growth.ts";
import { Naturals } from "./naturals.ts";
import { OWN, type WantState } from "./slice.ts";
import { StyleNetwork } from "./style-network.ts";

/** Steps of a wall's pictures, which are small. */
const WALL_STEPS = 128;
const WALL_STEPS_ON_SOFTWARE = 16;

/** What the page's state asks about: the unit, the layer, the pictures, and how pictures grow. */
export class Asked {
  readonly session: Session;
  readonly store: Store<SharedState & WantState>;
  readonly style: StyleNetwork;
  readonly generator: Generator = new Generator();
  readonly naturals: Naturals;
  /** True when the network has answered to the picture that is shown. */
  answered = false;
  /** Number of pictures that were shown. */
  shown = 0;
  #own: ShownPicture | undefined;
  #ownNumber = 0;

  constructor(session: Session, store: Store<SharedState & WantState>) {
    this.session = session;
    this.store = store;
    this.style = new StyleNetwork(session.device);
    this.naturals = new Naturals(session.device, session.software);
  }

  get state(): SharedState & WantState {
    return this.store.state;
  }

  get software(): boolean {
    return this.session.software;
  }

  /** What is asked about: what is selected if it is a unit, else a class, once the network has answered. */
  get subject(): Subject | undefined {
    const { state } = this;
    const { of, channel, target } = state;
    const { predictions, mapCounts, head } = this.session;
    const known = typeof of === "number" && of < head.classes;
    const unit = of === undefined && channel !== undefined;
    const asked = known ? of : unit ? "unit" : typeof target === "number" ? target : undefined;
    // A unit, and a class by number, are asked about whatever the picture is.
    if (!this.answered && asked === undefined) return undefined;
    return subjectsOf({ ...state, target: asked, versus: undefined }, predictions, mapCounts)[0];
  }

  /** The same in words. */
  get about(): string | undefined {
    const { subject } = this;
    return subject === undefined ? undefined : nameOf(this.session.head, subject);
  }

  /** The same as the techniques name it. */
  wantedOf(subject: Subject): Wanted {
    const { session } = this;
    return typeof subject === "number"
      ? { class: subject, output: session.head.name }
      : session.targetOf(subject);
  }

  /** The layer that is selected; undefined where none that has maps is. */
  get layer(): string | undefined {
    const exhibit = this.session.room.exhibitOf(this.state.layer);
    return exhibit && exhibit.kind !== "picture" ? exhibit.layer : undefined;
  }

  /** How the picture of a unit grows. */
  get growth(): Growth {
    const { by, steps, seed } = this.state;
    return this.#growthOf(dreamNamed(by), seed, steps);
  }

  /** How the pictures of a wall grow. */
  get wallGrowth(): Growth {
    return this.#growthOf(
      dreamNamed(FIRST),
      this.state.seed,
      this.software ? WALL_STEPS_ON_SOFTWARE : WALL_STEPS,
    );
  }

  /** The picture that is shown, as it was brought, its longer side of at most so many pixels. */
  picture(longest: number): Pixels {
    const { shown } = this.session;
    if (!shown) throw new Error("there is no picture yet");
    return shrunk(shown.pixels, longest);
  }

  /** The same as the network sees it. */
  get seen(): Pixels {
    return deprocess(this.session.input, this.session.graph);
  }

  /** The second picture, in words. */
  get secondName(): string {
    const { second } = this.state;
    return second === OWN && this.#own ? this.#own.title : second;
  }

  /** The second picture by a name that changes when it does. */
  get secondKey(): string {
    return this.state.second === OWN ? `${OWN} ${this.#ownNumber}` : this.state.second;
  }

  async secondPicture(longest: number): Promise<Pixels> {
    const { second } = this.state;
    if (second === OWN && this.#own) return shrunk(this.#own.pixels, longest);
    const [height, width] = this.session.inputSize;
    return shrunk(await drawSample(this.session.device, second, Math.max(height, width)), longest);
  }

  /** Takes a picture of one's own as the second one. */
  bringSecond(picture: ShownPicture): void {
    this.#own = picture;
    this.#ownNumber++;
  }

  dispose(): void {
    this.style.dispose();
  }

  #growthOf(technique: Dream, seed: number, steps?: number): Growth {
    return {
      technique,
      seed,
      steps: steps ?? usualSteps(technique, this.software),
      shown: technique.asks.includes("picture") ? this.shown : undefined,
      with: [
        technique.asks.includes("generator") ? `generator ${this.generator.number}` : "",
        technique.asks.includes("pictures") ? `pictures ${this.naturals.number}` : "",
      ].join(""),
    };
  }
}
