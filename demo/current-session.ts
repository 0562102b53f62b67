import { headsOf } from "../src/graph.ts";
import type { Graph } from "../src/index.ts";
import type { Incoming } from "./incoming-files.ts";
import { toast } from "./notices.ts";
import { createPage } from "./page.ts";
import { type OpenQuestions, openQuestions, type State } from "./questions.ts";
import { Screen } from "./room/screen.ts";
import { isSample } from "./samples.ts";
import { Session, type ShownPicture } from "./session.ts";
import type { SliceStore } from "./state/store.ts";
import { mapLayersOf } from "./subjects.ts";

export interface OpenOptions {
  /** It is the network that stands there, read otherwise: what is selected and asked stays. */
  readonly readAnew?: boolean;
}

/**
 * The session that stands in the page with its questions and panels: one at a time, and of several that are opened at once
 * the last.
 */
export class CurrentSession {
  readonly #store: SliceStore<State>;
  readonly #host: HTMLElement;
  readonly #incoming: Incoming;
  #screen: { readonly device: GPUDevice; readonly ready: Promise<Screen> } | undefined;
  #current:
    | { readonly session: Session; readonly questions: OpenQuestions; readonly leave: () => void }
    | undefined;
  #graph: Graph | undefined;
  /** A picture of one's own that was brought; the state's `image` says whether it is the one to show. */
  #shown: ShownPicture | undefined;
  /** Stops what is being opened. */
  #opening = new AbortController();

  constructor(store: SliceStore<State>, host: HTMLElement, incoming: Incoming) {
    this.#store = store;
    this.#host = host;
    this.#incoming = incoming;
  }

  /** The network that was opened last, as it was loaded; it outlives its device. */
  get graph(): Graph | undefined {
    return this.#graph;
  }

  get session(): Session | undefined {
    return this.#current?.session;
  }

  get questions(): OpenQuestions | undefined {
    return this.#current?.questions;
  }

  /**
   * Puts a network into the room. What is being opened at the moment is stopped; what stands there stays until the new
   * one works.
   * @param find gives the network, and stops when the signal says so.
   * @returns the network; undefined when another one was opened meanwhile, or the room was closed.
   */
  async open(
    device: GPUDevice,
    find: (signal: AbortSignal) => Promise<Graph>,
    { readAnew = false }: OpenOptions = {},
  ): Promise<Graph | undefined> {
    this.#opening.abort();
    const opening = new AbortController();
    this.#opening = opening;
    const { signal } = opening;
    try {
      const graph = await find(signal);
      signal.throwIfAborted();
      const screen = await this.#screenOn(device);
      signal.throwIfAborted();
      const session = await Session.create(screen, graph, this.#store, signal);
      this.#enter(session, readAnew);
      this.#graph = graph;
      const { image } = this.#store.state;
      if (isSample(image)) await session.showSample(image);
      else if (this.#shown) await session.show(this.#shown);
      return graph;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** Stops what is being opened; what stands there stays. */
  stopOpening(): void {
    this.#opening.abort();
  }

  /** Shows a picture to the network that stands there and to those that follow it. */
  async show(shown: ShownPicture): Promise<void> {
    this.#shown = shown;
    this.#store.set({ image: undefined });
    await this.session?.show(shown);
  }

  /** Takes everything off the device, which is lost. */
  close(): void {
    this.#opening.abort();
    this.#current?.leave();
    this.#current = undefined;
    void this.#screen?.ready.then(
      (screen) => screen.dispose(),
      () => {},
    );
    this.#screen = undefined;
  }

  #screenOn(device: GPUDevice): Promise<Screen> {
    if (this.#screen?.device === device) return this.#screen.ready;
    const screen = { device, ready: Screen.create(device, this.#host) };
    this.#screen = screen;
    screen.ready.catch(() => {
      if (this.#screen === screen) this.#screen = undefined;
    });
    return screen.ready;
  }

  /** Leaves the room that stands, and enters another. */
  #enter(session: Session, readAnew: boolean): void {
    const before = this.#current;
    before?.leave();
    const { graph, room } = session;
    this.#store.hold(
      { exhibits: room.exhibits, outputs: headsOf(graph), mapLayers: mapLayersOf(graph) },
      before !== undefined && !readAnew,
      (refused) => toast(refused.join(" "), true),
    );
    const questions = openQuestions(session, this.#store);
    const all = Object.values(questions);
    const page = createPage(session, all, this.#incoming);
    const leave = () => {
      page.dispose();
      for (const question of all) question.dispose();
      session.dispose();
    };
    this.#current = { session, questions, leave };
    session.readOtherwise.listen((graph) => {
      toast(`Reading ${graph.name} anew…`);
      void this.open(session.device, async () => graph, { readAnew: true }).then(
        (opened) => opened && toast(`${graph.name} is read as you say.`),
        (error: unknown) => toast(error instanceof Error ? error.message : String(error), true),
      );
    });
    session.failed.listen((error) => toast(error instanceof Error ? error.message : String(error), true));
    room.look(this.#store.state.view);
  }
}
