import { type Pixels, syntheticPictures } from "../../src/index.ts";
import { Emitter } from "../emitter.ts";

/** Pictures of the data set that stand for natural ones until somebody opens others. */
const SHIPPED = 256;
const SHIPPED_ON_SOFTWARE = 64;
/** The most pictures of one's own that are looked through. */
export const MOST_NATURALS = 4096;

/** The natural pictures among which those that excite a unit are found: the data set's first, or pictures of one's own. */
export class Naturals {
  readonly changed: Emitter<void> = new Emitter();
  /** Changes with the pictures. */
  number = 0;
  readonly #device: GPUDevice;
  readonly #shipped: number;
  #own: readonly File[] | undefined;

  constructor(device: GPUDevice, software: boolean) {
    this.#device = device;
    this.#shipped = software ? SHIPPED_ON_SOFTWARE : SHIPPED;
  }

  get count(): number {
    return this.#own?.length ?? this.#shipped;
  }

  /** True where they are one's own. */
  get own(): boolean {
    return this.#own !== undefined;
  }

  /** What they are, in words. */
  get says(): string {
    return this.#own
      ? `${this.count === 1 ? "1 picture" : `${this.count} pictures`} of your own.`
      : `The first ${this.count} pictures of the data set. Other networks want pictures of your own.`;
  }

  /** Takes pictures of one's own, by name, so that the same files are the same pictures. @throws Error where none is a picture. */
  open(files: readonly File[]): void {
    const pictures = files.filter(({ type }) => type.startsWith("image/"));
    if (pictures.length === 0 || pictures.length > MOST_NATURALS) {
      throw new Error(`Expected 1 to ${MOST_NATURALS} pictures, got ${pictures.length}.`);
    }
    const nameOf = (file: File) => file.webkitRelativePath || file.name;
    this.#own = pictures.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    this.number++;
    this.changed.emit();
  }

  /** The pictures, one after another as they are wanted. @param size pixels a side of the data set's. */
  async *pictures(size: number): AsyncGenerator<{ readonly name: string; readonly picture: Pixels | Blob }> {
    if (this.#own) {
      for (const file of this.#own) yield { name: file.name, picture: file };
      return;
    }
    let n = 0;
    for await (const picture of syntheticPictures(this.#device, { count: this.#shipped, size })) {
      yield { name: `synthetic:${n++}`, picture };
    }
  }
}
