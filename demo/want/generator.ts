import modelUrl from "../../models/helpers/generator/model.json?url&no-inline";
import weightsUrl from "../../models/helpers/generator/weights.bin?url&no-inline";
import type { PreprocessingName } from "../../src/images.ts";
import { type Graph, loadModel, modelFromFiles, type PickedFile } from "../../src/index.ts";
import { Emitter } from "../emitter.ts";
import { filesAt } from "./helper-files.ts";
import { UNITS } from "./style-network.ts";

/** A network that draws pictures from a code: the one that comes with the page, or a file of one's own. */
export class Generator {
  readonly changed: Emitter<void> = new Emitter();
  /** Changes with the network and its units. */
  number = 0;
  /** The name of what it gives for black and white, of `UNITS`, where its file does not say so. */
  gives: PreprocessingName | undefined;
  #own: Graph | undefined;
  #shipped: Promise<Graph> | undefined;

  /** Its name; undefined for the one that comes with the page. */
  get name(): string | undefined {
    return this.#own?.name;
  }

  /** True where its file does not say what it gives for black and white. */
  get asksGives(): boolean {
    return this.#own !== undefined && this.#own.outputRange === undefined;
  }

  /** What has to be said before it can draw. */
  get lacks(): string | undefined {
    return this.asksGives && !this.gives
      ? `Say which numbers ${this.name} gives: its file does not.`
      : undefined;
  }

  /** Takes a network of one's own. @throws what is wrong with its files. */
  async open(files: readonly PickedFile[]): Promise<void> {
    this.#own = await loadModel(modelFromFiles(files));
    this.say(undefined);
  }

  /** Says what it gives, where its file does not. */
  say(name: PreprocessingName | undefined): void {
    this.gives = name;
    this.number++;
    this.changed.emit();
  }

  /** The network, with its numbers for black and white. */
  async graph(): Promise<Graph> {
    if (!this.#own) {
      this.#shipped ??= shipped();
      this.#shipped.catch(() => {
        this.#shipped = undefined;
      });
      return this.#shipped;
    }
    const range = UNITS.find(([name]) => name === this.gives)?.[1];
    return this.asksGives && range ? { ...this.#own, outputRange: range } : this.#own;
  }
}

async function shipped(): Promise<Graph> {
  return loadModel(modelFromFiles(await filesAt("generator", modelUrl, weightsUrl)));
}
