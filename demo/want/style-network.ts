import modelUrl from "../../models/helpers/style/model.json?url&no-inline";
import weightsUrl from "../../models/helpers/style/weights.bin?url&no-inline";
import type { OutputRange } from "../../src/graph.ts";
import type { PreprocessingName } from "../../src/images.ts";
import { type Graph, loadModel, modelFromFiles, type PickedFile, type Pixels } from "../../src/index.ts";
import { createNetworks, type Networks } from "../../src/network.ts";
import {
  createStylist,
  type PictureOptions,
  type PictureRequest,
  type PictureResult,
  pictureTechniqueNamed,
} from "../../src/synthesis.ts";
import { Emitter } from "../emitter.ts";
import { filesAt } from "./helper-files.ts";

/** The border with which the network that comes with the page was trained. */
const SHIPPED_BORDER = 12;

/** The units of a network that draws: what it takes by name, and what it gives for black and white. */
export const UNITS: readonly (readonly [name: PreprocessingName, gives: OutputRange, words: string])[] = [
  ["none", [0, 255], "0…255"],
  ["unit", [0, 1], "0…1"],
  ["signed", [-1, 1], "−1…1"],
];

/** A network that draws pictures in a style: the one that comes with the page, or a file of one's own. */
export class StyleNetwork {
  readonly changed: Emitter<void> = new Emitter();
  /** Changes with the network and its units. */
  number = 0;
  /** What it takes and gives, by names of `UNITS`, of a file that does not say so. */
  takes: PreprocessingName | undefined;
  gives: PreprocessingName | undefined;
  readonly #device: GPUDevice;
  #own: { readonly files: readonly PickedFile[]; readonly graph: Graph } | undefined;
  #networks: Promise<Networks> | undefined;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Its name; undefined for the one that comes with the page. */
  get name(): string | undefined {
    return this.#own?.graph.name;
  }

  /** The units that its file does not say. */
  get asks(): { readonly takes: boolean; readonly gives: boolean } {
    const { preprocessing, outputRange } = this.#own?.graph ?? {};
    return {
      takes: preprocessing?.guessed?.includes("values") ?? false,
      gives: this.#own !== undefined && outputRange === undefined,
    };
  }

  /** What has to be said before it can draw. */
  get lacks(): string | undefined {
    const { takes, gives } = this.asks;
    const missing = [takes && !this.takes && "takes", gives && !this.gives && "gives"].filter(Boolean);
    return missing.length > 0
      ? `Say which numbers ${this.name} ${missing.join(" and ")}: its file does not.`
      : undefined;
  }

  /** Takes a network of one's own. @throws what is wrong with its files. */
  async open(files: readonly PickedFile[]): Promise<void> {
    this.#own = { files, graph: await loadModel(modelFromFiles(files)) };
    this.takes = undefined;
    this.gives = undefined;
    this.#forget();
  }

  /** Says a unit that the file does not. */
  say(which: "takes" | "gives", name: PreprocessingName | undefined): void {
    this[which] = name;
    this.#forget();
  }

  /** Draws a picture in the style. */
  async draw(request: PictureRequest, options: PictureOptions): Promise<PictureResult> {
    const networks = await this.#ready();
    return pictureTechniqueNamed("feed-forward-style").run(networks, request, { ...options, ...this.#how });
  }

  /** Makes it ready for many pictures of one size; destroy it after use. */
  async stylist(size: Pick<Pixels, "width" | "height">): ReturnType<typeof createStylist> {
    return createStylist(await this.#ready(), size, this.#how);
  }

  dispose(): void {
    void this.#networks?.then(
      (networks) => networks.destroy(),
      () => {},
    );
    this.#networks = undefined;
  }

  get #how(): { readonly border?: number; readonly output?: OutputRange } {
    if (!this.#own) return { border: SHIPPED_BORDER };
    const range = UNITS.find(([name]) => name === this.gives)?.[1];
    return this.asks.gives && range ? { output: range } : {};
  }

  #ready(): Promise<Networks> {
    this.#networks ??= this.#load();
    this.#networks.catch(() => {
      this.#networks = undefined;
    });
    return this.#networks;
  }

  async #load(): Promise<Networks> {
    const files = this.#own?.files ?? (await filesAt("style network", modelUrl, weightsUrl));
    const graph = await loadModel(modelFromFiles(files), this.takes ? { preprocessing: this.takes } : {});
    return createNetworks(this.#device, graph);
  }

  #forget(): void {
    this.dispose();
    this.number++;
    this.changed.emit();
  }
}
