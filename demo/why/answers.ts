import { attributionNamed, type Network, trust } from "../../src/index.ts";
import type { Trust } from "../../src/metrics.ts";
import { Emitter } from "../emitter.ts";
import type { Session } from "../session.ts";
import { selects } from "../state/selection.ts";
import type { SharedState } from "../state/shared.ts";
import type { Changes, Store } from "../state/store.ts";
import { type InputPixel, nameOf, type Subject, subjectsOf } from "../subjects.ts";
import type { Progress, Task, TaskList } from "../tasks/queue.ts";
import { type Answer, answerOf, type Ends, endsOf, sharedEnds } from "./color-ends.ts";
import { drawMap } from "./draw-map.ts";
import { keyOf, type MapRequest, settingsOf, weighableLayers, weighedLayer } from "./map-request.ts";
import { WhyNetworks } from "./networks.ts";
import type { WhyState } from "./slice.ts";
import { measuresFor, type TrustFigures, type TrustSettings, trustKey, trustTasks } from "./trust-tasks.ts";

/** A map that is asked for, as far as it has come. */
export interface AskedMap {
  readonly request: MapRequest;
  /** The class, or the unit, in words. */
  readonly about: string;
  readonly progress: Progress;
  readonly answer: Answer | undefined;
  readonly ends: Ends | undefined;
}

/** One map beside the others: a technique and a class. */
export interface Card extends AskedMap {
  /** The technique's name; with ":2", of the second class. */
  readonly id: string;
  readonly trust: TrustFigures | undefined;
}

/** The keys of the state that say which maps are wanted. */
const ASKS = ["why", "target", "versus", "at", "weighs", "trust", "layerMaps"] as const;
/** The fields that say how answers are drawn. */
const DRAWS = ["decoder", "ends", "colors", "over", "strength"] as const;

/** The maps that the page's state asks for: says what is wanted, and gives what the tasks found. */
export class WhyAnswers {
  readonly session: Session;
  readonly store: Store<SharedState & WhyState>;
  /** There is something new to draw. */
  readonly changed: Emitter<void> = new Emitter();

  readonly #networks: WhyNetworks;
  readonly #maps: TaskList<Answer>;
  readonly #trusts: TaskList<Trust>;
  #wanted: readonly { readonly id: string; readonly request: MapRequest }[] = [];
  #wantedLayers: readonly MapRequest[] = [];
  /** True when the network has answered to the picture that is shown. */
  #answered = false;
  #laid: { readonly answer?: Answer | undefined; readonly max?: number | undefined } = {};
  readonly #stops: readonly (() => void)[];

  constructor(session: Session, store: Store<SharedState & WhyState>) {
    this.session = session;
    this.store = store;
    this.#networks = new WhyNetworks(session.networks, session.graph);
    this.#maps = session.tasks.list<Answer>();
    this.#trusts = session.tasks.list<Trust>();
    this.#stops = [
      this.#maps.changed.listen(() => {
        this.#wantTrust();
        this.#tell();
      }),
      this.#trusts.changed.listen(() => this.#tell()),
      session.shownPicture.listen(() => this.#forget()),
      session.answered.listen(() => {
        this.#answered = true;
        this.#want();
      }),
      store.listen((state, changed) => this.#follow(state, changed)),
    ];
  }

  /** Layers whose maps can be weighed for the output that is asked. */
  get layers(): readonly string[] {
    return weighableLayers(this.session.graph, this.session.head.name);
  }

  /** What is asked first, and where, once the network has answered. */
  get asked(): { readonly subject: Subject; readonly at: InputPixel | undefined } | undefined {
    const { state } = this.store;
    const [subject] = this.#answered ? subjectsOf(state, this.session.predictions) : [];
    return subject === undefined ? undefined : { subject, at: this.#placeOf(subject) };
  }

  /** The cards that the state asks for. */
  get cards(): Card[] {
    const { ends, trust } = this.store.state;
    return this.#wanted.map(({ id, request }) => {
      const answer = this.#maps.resultOf(keyOf(request));
      const kin = this.#wanted.filter((one) => one.request.technique === request.technique);
      const shown = () =>
        ends === "shared" ? this.#sharedEnds(kin.map((one) => one.request)) : answer && endsOf(answer, ends);
      return {
        ...this.#asked(request),
        id,
        ends: answer && shown(),
        trust: trust && answer ? this.#trustOf(request) : undefined,
      };
    });
  }

  /** The question that the cards answer, in words. */
  get question(): string {
    const { head } = this.session;
    const about = [...new Set(this.#wanted.map(({ request }) => nameOf(head, request.subject)))];
    const at = this.#wanted.find(({ request }) => request.at)?.request.at;
    return `Why ${about.join(" or ")}${at ? ` at (${at.y}, ${at.x})` : ""}?`;
  }

  /** Grad-CAM at every layer, from the image to the answer, if the state asks for it. */
  get layerMaps(): AskedMap[] {
    const { ends } = this.store.state;
    const shared = ends === "shared" ? this.#sharedEnds(this.#wantedLayers) : undefined;
    return this.#wantedLayers.map((request) => {
      const asked = this.#asked(request);
      const { answer } = asked;
      return {
        ...asked,
        ends: answer && (shared ? { ...shared, note: "One scale." } : endsOf(answer, ends)),
      };
    });
  }

  /** The card whose map lies over the image. */
  get over(): Card | undefined {
    const cards = this.cards.filter(({ answer }) => answer);
    return cards.find(({ id }) => id === this.store.state.over) ?? cards[0];
  }

  /** True if something is being computed, or waits. */
  get busy(): boolean {
    const asked = this.store.state.why.length > 0;
    return this.#maps.busy || this.#trusts.busy || (asked && !this.#answered);
  }

  stop(request: MapRequest): void {
    this.#maps.stop(keyOf(request));
  }

  again(request: MapRequest): void {
    this.#maps.again(keyOf(request));
  }

  /** Stops measuring the trust of a map; what is measured stays. */
  stopTrust(request: MapRequest): void {
    for (const measures of measuresFor(request, this.session.software)) {
      this.#trusts.stop(trustKey(request, measures));
    }
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    this.#maps.forget();
    this.#trusts.forget();
  }

  #follow(state: SharedState & WhyState, changed: Changes<SharedState & WhyState>): void {
    if (changed.has("trust")) this.#trusts.resume();
    // The same number means another class; it is asked when the new output has answered.
    if (changed.has("output")) this.#forget();
    const anew = ASKS.some((key) => changed.has(key)) || (state.target === "unit" && selects(changed));
    if (anew) this.#want();
    else if (DRAWS.some((key) => changed.has(key))) this.#tell();
    if (changed.has("strength") || changed.has("colors")) this.session.compose();
  }

  #forget(): void {
    this.#answered = false;
    this.#maps.forget();
    this.#trusts.forget();
    this.#tell();
  }

  /** Says what is wanted: the maps, Grad-CAM at every layer, and their trust. */
  #want(): void {
    const { state } = this.store;
    const { graph, head, predictions } = this.session;
    const subjects = this.#answered ? subjectsOf(state, predictions, this.session.mapCounts) : [];
    this.#wanted = state.why.flatMap((name) =>
      subjects.map((subject, place) => {
        const technique = attributionNamed(name);
        const layer = technique.weighsMaps
          ? weighedLayer(graph, state.weighs, subject, head.name)
          : undefined;
        const request = { technique, subject, layer, at: this.#placeOf(subject) };
        return { id: place === 0 ? name : `${name}:2`, request };
      }),
    );
    const [subject] = subjects;
    const technique = attributionNamed("grad-cam");
    this.#wantedLayers =
      state.layerMaps && typeof subject === "number" && state.why.length > 0
        ? this.layers.map((layer) => ({ technique, subject, layer, at: this.#placeOf(subject) }))
        : [];
    this.#maps.want([
      ...this.#wanted.map(({ request }) => this.#mapTask(request, "answer")),
      ...this.#wantedLayers.map((request) => this.#mapTask(request, "overview")),
    ]);
    this.#wantTrust();
    this.#tell();
  }

  /** Trust is measured of maps that are there. */
  #wantTrust(): void {
    const found = this.#wanted
      .map(({ request }) => request)
      .filter((request) => this.#maps.resultOf(keyOf(request)));
    this.#trusts.want(
      this.store.state.trust
        ? trustTasks(found, this.session.software, (...asked) => this.#measure(...asked))
        : [],
    );
  }

  /** Tells that there is something new, and lays the map over the image if it is another one; progress is none. */
  #tell(): void {
    const { answer, ends } = this.over ?? {};
    if (answer !== this.#laid.answer || ends?.max !== this.#laid.max) {
      this.#laid = { answer, max: ends?.max };
      this.session.overlay(
        "map",
        answer && ends && ((context) => drawMap(context, answer, ends, this.store.state)),
      );
    }
    this.changed.emit();
  }

  #asked(request: MapRequest): Omit<AskedMap, "ends"> {
    const key = keyOf(request);
    return {
      request,
      about: nameOf(this.session.head, request.subject),
      progress: this.#maps.progressOf(key),
      answer: this.#maps.resultOf(key),
    };
  }

  #sharedEnds(requests: readonly MapRequest[]): Ends {
    const answers = requests.flatMap((request) => this.#maps.resultOf(keyOf(request)) ?? []);
    return sharedEnds(answers.map((answer) => endsOf(answer, "shared")));
  }

  #trustOf(request: MapRequest): TrustFigures {
    const groups = measuresFor(request, this.session.software).map((measures) => ({
      measures,
      progress: this.#trusts.progressOf(trustKey(request, measures)),
    }));
    return {
      found: groups.flatMap(({ measures }) => this.#trusts.resultOf(trustKey(request, measures)) ?? []),
      groups,
    };
  }

  #mapTask(request: MapRequest, priority: Task<Answer>["priority"]): Task<Answer> {
    return {
      key: keyOf(request),
      priority,
      run: async (options) => {
        const { input, software } = this.session;
        const network = await this.#networkFor(request);
        options.signal.throwIfAborted();
        const { subject, technique } = request;
        const found = await technique.run(network, input, {
          ...settingsOf(request, software),
          output: this.#outputOf(subject),
          target: typeof subject === "number" ? subject : this.session.targetOf(subject),
          region: request.at,
          ...options,
        });
        return answerOf(request, found);
      },
    };
  }

  async #measure(
    request: MapRequest,
    measures: Parameters<typeof trustKey>[1],
    settings: TrustSettings,
  ): Promise<Trust> {
    const answer = this.#maps.resultOf(keyOf(request));
    if (!answer) throw new Error("there is no map to measure");
    const { input, software } = this.session;
    const network = await this.#networkFor(request);
    const randomisedNetwork = measures.includes("modelRandomisation")
      ? await this.#networks.randomised()
      : undefined;
    settings.signal.throwIfAborted();
    const { at, subject, technique } = request;
    return trust(network, input, technique, {
      output: this.#outputOf(subject),
      // A class is asked as such, so that others can be compared with it.
      target: typeof subject === "number" ? subject : answer.found.target,
      region: at,
      measures,
      explanation: answer.found,
      settings: settingsOf(request, software),
      randomisedNetwork,
      ...settings,
    });
  }

  /** The place where a subject is asked: a class may be asked at one. */
  #placeOf(subject: Subject): InputPixel | undefined {
    const [y, x] = this.store.state.at ?? [];
    return typeof subject === "number" && y !== undefined && x !== undefined ? { y, x } : undefined;
  }

  /** The output whose class a target is. */
  #outputOf(target: Subject): string | undefined {
    return typeof target === "number" ? this.session.head.name : undefined;
  }

  /** A network of many images for techniques that run many, where the adapter gains by it. */
  #networkFor({ technique }: MapRequest): Promise<Network> {
    const many = technique.passes !== undefined && !this.session.software;
    return many ? this.#networks.many() : this.#networks.one();
  }
}
