import {
  type Attribution,
  attributionNamed,
  batchWithin,
  createNetwork,
  createRandomisedNetwork,
  isSoftwareAdapter,
  type Network,
  type Trust,
  trust,
} from "../../src/index.ts";
import { Emitter } from "../emitter.ts";
import { selects } from "../state/selection.ts";
import type { State } from "../state/state.ts";
import type { Changes } from "../state/store.ts";
import { Desk, type Progress, type Task } from "./desk.ts";
import {
  keyOf,
  mapLayers,
  nameOf,
  type Question,
  type Subject,
  settingsOf,
  subjectsOf,
  weighedLayer,
} from "./question.ts";
import type { Scene } from "./scene.ts";
import { type Ends, endsOf, type Flat, flatOf, sharedEnds } from "./shade.ts";
import { measuresFor, type TrustFigures, trustTasks } from "./trusting.ts";

/** What a technique found, ready to be drawn. */
export interface Answer {
  readonly question: Question;
  readonly found: Attribution;
  readonly flat: Flat;
}

/** One map beside the others: a technique and a class. */
export interface Card {
  /** The technique's name; with ":2", of the second class. */
  readonly id: string;
  readonly question: Question;
  /** The class, or the unit, in words. */
  readonly about: string;
  readonly progress: Progress;
  readonly answer: Answer | undefined;
  readonly ends: Ends | undefined;
  readonly trust: TrustFigures | undefined;
}

/** Grad-CAM at one layer, of the strip along the network. */
export interface Along {
  readonly layer: string;
  readonly about: string;
  readonly progress: Progress;
  readonly answer: Answer | undefined;
  readonly ends: Ends | undefined;
}

/** Asks why: keeps the answers that the page's state asks for, one after another, and drops what is stale. */
export class Enquiry {
  /** A card or the strip has something new. */
  readonly changed: Emitter<void> = new Emitter();
  /** The place that the pointer is at on any of the maps, in pixels of the network's input. */
  readonly cursor: Emitter<{ readonly y: number; readonly x: number } | undefined> = new Emitter();
  readonly software: boolean;
  /** Layers whose maps can be weighed. */
  readonly layers: readonly string[];

  readonly #scene: Scene;
  readonly #desk = new Desk();
  readonly #answers = new Map<string, Answer>();
  readonly #trusts = new Map<string, Map<string, Trust>>();
  #questions: readonly { readonly id: string; readonly question: Question }[] = [];
  #along: readonly Question[] = [];
  readonly #networks = new Map<number, Promise<Network>>();
  #randomised: Promise<Network> | undefined;
  readonly #stops: (() => void)[];
  #closed = false;
  /** Whether the network has answered to the picture that is shown. */
  #answered = false;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.software = isSoftwareAdapter(scene.device);
    this.layers = mapLayers(scene.graph);
    this.#stops = [
      this.#desk.changed.listen(() => this.changed.emit()),
      scene.shownPicture.listen(() => this.#forget()),
      scene.answered.listen(() => {
        this.#answered = true;
        this.#ask();
      }),
      scene.store.listen((state, changed) => {
        if (changed.has("trust")) this.#desk.resume("trust ");
        // The same number means another class; it is asked when the new output has answered.
        if (changed.has("output")) this.#forget();
        if (asksAnew(state, changed)) this.#ask();
        else if (changed.has("ends") || changed.has("colors") || changed.has("over")) this.changed.emit();
      }),
    ];
  }

  /** The cards that the state asks for, as far as they have come. */
  get cards(): Card[] {
    const { head, store } = this.#scene;
    return this.#questions.map(({ id, question }) => {
      const key = keyOf(question);
      const answer = this.#answers.get(key);
      return {
        id,
        question,
        about: nameOf(head, question.subject),
        progress: this.#desk.progressOf(key),
        answer,
        ends: answer && this.#endsOf(answer, question),
        trust: store.state.trust && answer ? this.#trustOf(answer) : undefined,
      };
    });
  }

  /** Grad-CAM along the network, from the image to the answer. */
  get along(): Along[] {
    const found = this.#along.map((question) => ({
      question,
      progress: this.#desk.progressOf(keyOf(question)),
      answer: this.#answers.get(keyOf(question)),
    }));
    const { head, store } = this.#scene;
    const { ends } = store.state;
    const all = found.flatMap(({ answer }) => (answer ? [endsOf(answer.flat, ends)] : []));
    return found.map(({ question, progress, answer }) => ({
      layer: question.layer ?? "",
      about: nameOf(head, question.subject),
      progress,
      answer,
      ends:
        answer &&
        (ends === "shared" ? { ...sharedEnds(all), note: "One scale." } : endsOf(answer.flat, ends)),
    }));
  }

  /** The card whose map lies over the image. */
  get over(): Card | undefined {
    const cards = this.cards.filter(({ answer }) => answer);
    return cards.find(({ id }) => id === this.#scene.store.state.over) ?? cards[0];
  }

  /** Whether something is being computed, or waits. */
  get busy(): boolean {
    const asked = this.#scene.store.state.why.length > 0;
    return this.#desk.busy || (asked && !this.#answered);
  }

  stop(question: Question): void {
    this.#desk.stop(keyOf(question));
  }

  /** Stops measuring the trust of a map; what is measured stays. */
  stopTrust(question: Question): void {
    for (const measures of measuresFor(question, this.software)) {
      const key = `trust ${measures.join()} ${keyOf(question)}`;
      if (["waiting", "working"].includes(this.#desk.progressOf(key).stage)) this.#desk.stop(key);
    }
  }

  again(question: Question): void {
    this.#desk.again(keyOf(question));
  }

  dispose(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#desk.close();
    for (const network of [...this.#networks.values(), this.#randomised]) {
      network?.then(
        (made) => made.destroy(),
        () => {},
      );
    }
  }

  #forget(): void {
    this.#answered = false;
    this.#desk.forget();
    this.#answers.clear();
    this.#trusts.clear();
    this.changed.emit();
  }

  /** Says at the desk what is wanted: maps first, then the strip, then trust. */
  #ask(): void {
    const { store, graph, answers } = this.#scene;
    const { state } = store;
    const subjects = this.#answered ? subjectsOf(state, answers) : [];
    this.#questions = state.why.flatMap((name) =>
      subjects.map((subject, slot) => {
        const technique = attributionNamed(name);
        const layer = technique.weighsMaps ? weighedLayer(graph, state.weighs, subject) : undefined;
        return { id: slot === 0 ? name : `${name}:2`, question: { technique, subject, layer } };
      }),
    );
    const [subject] = subjects;
    const technique = attributionNamed("grad-cam");
    this.#along =
      state.along && typeof subject === "number" && state.why.length > 0
        ? this.layers.map((layer) => ({ technique, subject, layer }))
        : [];
    const maps = [...this.#questions.map(({ question }) => question), ...this.#along];
    const tasks: Task[] = maps.map((question) => this.#mapTask(question));
    if (state.trust) tasks.push(...this.#trustTasks());
    this.#desk.want(tasks);
    this.changed.emit();
  }

  #mapTask(question: Question): Task {
    const key = keyOf(question);
    return {
      key,
      run: async (options) => {
        const { input } = this.#scene;
        const network = await this.#networkFor(question);
        options.signal.throwIfAborted();
        const { subject: target, technique } = question;
        const settings = settingsOf(question, this.software);
        const found = await technique.run(network, input, {
          ...settings,
          ...this.#outputOf(target),
          target,
          ...options,
        });
        // The picture may have changed meanwhile: then this answers nobody's question.
        if (options.signal.aborted || input !== this.#scene.input) return;
        this.#answers.set(key, { question, found, flat: flatOf(technique, found) });
        if (this.#scene.store.state.trust) this.#ask();
      },
    };
  }

  #trustTasks(): Task[] {
    return trustTasks(
      this.#questions
        .map(({ question }) => question)
        .filter((question) => this.#answers.has(keyOf(question))),
      {
        software: this.software,
        find: async (question, measures, options) => {
          const answer = this.#answers.get(keyOf(question));
          if (!answer) return;
          const { input } = this.#scene;
          const network = await this.#networkFor(question);
          const randomised = measures.includes("modelRandomisation")
            ? await this.#randomisedNetwork()
            : undefined;
          options.signal.throwIfAborted();
          const { subject } = question;
          const judged = await trust(network, input, question.technique, {
            ...this.#outputOf(question.subject),
            // A class is asked as such, so that others can be compared with it.
            target: typeof subject === "number" ? subject : answer.found.target,
            measures,
            explanation: answer.found,
            settings: settingsOf(question, this.software),
            ...(randomised ? { randomised } : {}),
            ...options,
          });
          if (options.signal.aborted || input !== this.#scene.input) return;
          const all = this.#trusts.get(keyOf(question)) ?? new Map<string, Trust>();
          this.#trusts.set(keyOf(question), all.set(measures.join(), judged));
        },
      },
    );
  }

  #trustOf({ question }: Answer): TrustFigures {
    const found = [...(this.#trusts.get(keyOf(question))?.values() ?? [])];
    const groups = measuresFor(question, this.software).map((measures) => ({
      measures,
      progress: this.#desk.progressOf(`trust ${measures.join()} ${keyOf(question)}`),
    }));
    return { found, groups };
  }

  #endsOf({ flat }: Answer, { technique }: Question): Ends {
    const { ends } = this.#scene.store.state;
    if (ends !== "shared") return endsOf(flat, ends);
    const kin = this.#questions.flatMap(({ question }) => {
      const answer = question.technique === technique ? this.#answers.get(keyOf(question)) : undefined;
      return answer ? [endsOf(answer.flat, ends)] : [];
    });
    return sharedEnds(kin);
  }

  /** Whose class a target is. */
  #outputOf(target: Subject): { readonly output?: string } {
    return typeof target === "number" ? { output: this.#scene.head.name } : {};
  }

  /** A network of its own, so that what is looked at stays as it is; of many images for those that run many. */
  #networkFor({ technique }: Question): Promise<Network> {
    const { device, graph } = this.#scene;
    const many = technique.passes !== undefined && !this.software;
    const batch = many ? batchWithin(device, graph, { most: 16 }) : 1;
    const known = this.#networks.get(batch);
    if (known) return known;
    const made = createNetwork(device, graph, { batch });
    this.#networks.set(batch, made);
    made.catch(() => this.#networks.delete(batch));
    return made;
  }

  async #randomisedNetwork(): Promise<Network> {
    if (!this.#randomised) {
      const { device, graph } = this.#scene;
      const one = this.#networks.get(1) ?? createNetwork(device, graph, { batch: 1 });
      this.#networks.set(1, one);
      this.#randomised = one.then((network) => createRandomisedNetwork(network));
      this.#randomised.catch(() => {
        this.#randomised = undefined;
      });
    }
    const made = await this.#randomised;
    if (this.#closed) made.destroy();
    return made;
  }
}

/** Whether a change asks something that was not asked before. */
function asksAnew(state: State, changed: Changes<State>): boolean {
  const asks = ["why", "target", "versus", "weighs", "trust", "along"] as const;
  return asks.some((key) => changed.has(key)) || (state.target === "unit" && selects(changed));
}
