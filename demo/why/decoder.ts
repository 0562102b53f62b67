import { UnsupportedError } from "../../src/index.ts";
import { type CoarseToFine, coarseToFine, decoderOf } from "../../src/units.ts";
import { Emitter } from "../emitter.ts";
import { type InputPixel, nameOf } from "../subjects.ts";
import type { Progress, Task, TaskList } from "../tasks/queue.ts";
import type { WhyAnswers } from "./answers.ts";

/** The maps of a decoder from coarse to fine, as far as they have come. */
export interface DecoderMaps {
  /** The class, or the unit, in words. */
  readonly about: string;
  readonly progress: Progress;
  readonly found: CoarseToFine | undefined;
}

/** The maps of a network's decoder that do most for what is asked first: of each resolution one. */
export class Decoder {
  readonly changed: Emitter<void> = new Emitter();
  readonly #answers: WhyAnswers;
  readonly #maps: TaskList<CoarseToFine>;
  readonly #layersOf = new Map<string, readonly string[]>();
  #key: string | undefined;
  readonly #stops: readonly (() => void)[];

  constructor(answers: WhyAnswers) {
    const { session, store } = answers;
    this.#answers = answers;
    this.#maps = session.tasks.list<CoarseToFine>();
    this.#stops = [
      this.#maps.changed.listen(() => this.changed.emit()),
      session.shownPicture.listen(() => this.#maps.forget()),
      store.listen((_, changed) => {
        if (changed.has("output")) this.#maps.forget();
      }),
      answers.changed.listen(() => this.#want()),
    ];
  }

  /** Its layers, from the coarsest maps to the finest; none where the maps never grow on the way to the output. */
  get layers(): readonly string[] {
    const { graph, head } = this.#answers.session;
    let layers = this.#layersOf.get(head.name);
    if (!layers) {
      try {
        layers = decoderOf(graph, head.name);
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        layers = [];
      }
      this.#layersOf.set(head.name, layers);
    }
    return layers;
  }

  /** Its maps, if the state asks for them. */
  get maps(): DecoderMaps | undefined {
    const { asked, session } = this.#answers;
    if (!asked || this.#key === undefined) return undefined;
    return {
      about: nameOf(session.head, asked.subject, asked.at),
      progress: this.#maps.progressOf(this.#key),
      found: this.#maps.resultOf(this.#key),
    };
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    this.#maps.forget();
  }

  #want(): void {
    const { asked, store } = this.#answers;
    const { decoder, why } = store.state;
    const shown = decoder && why.length > 0 && this.layers.length > 0;
    const task =
      shown && asked && typeof asked.subject === "number" ? this.#task(asked.subject, asked.at) : undefined;
    const known = task && this.#maps.progressOf(task.key).stage !== "waiting";
    if (task?.key === this.#key && (known || !task)) return;
    this.#key = task?.key;
    this.#maps.want(task ? [task] : []);
    this.changed.emit();
  }

  #task(target: number, region: InputPixel | undefined): Task<CoarseToFine> {
    const { session } = this.#answers;
    return {
      key: [target, region?.y, region?.x].join(),
      priority: "overview",
      run: async ({ signal }) => {
        const network = await session.networks.of();
        const output = session.head.name;
        return coarseToFine(network, session.input, { target, output, region, signal });
      },
    };
  }
}
