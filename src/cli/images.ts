import { syntheticPictures } from "../dataset/synthetic.ts";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { formatShape, LARGEST_U32 } from "../gpu/tensor.ts";
import { type Graph, pictureOf } from "../graph/graph.ts";
import type { Pixels } from "../images/pixels.ts";
import { inputFrom } from "../images/preprocess.ts";
import { decodeImage } from "../node/image.ts";
import { messageOf } from "./error-messages.ts";
import { imagesIn, inputFromArray, type Taken } from "./image-arrays.ts";
import { type NamedArray, readSource } from "./image-files.ts";
import { isArray, isSynthetic, namesOf, syntheticNumber } from "./image-names.ts";
import { type Io, UsageError } from "./io.ts";
import type { Values } from "./values.ts";

/** An image as the network takes it. */
export interface Input extends Taken {
  /** Name as it was given; for one of several in an array, with its number. */
  readonly name: string;
  /** The fitting of a picture of other proportions than the network's: "squashed from 24×48 to 24×24". */
  readonly fitted?: string | undefined;
  /** The picture as it was, before it was resized and cut; absent of an array. */
  readonly photo?: Pixels | undefined;
}

/**
 * The images of a command line, as the network takes them, read one after another. One that is broken among several is named on
 * standard error, and the others go on.
 */
export class Images implements AsyncIterable<Input> {
  readonly #graph: Graph;
  readonly #values: Values;
  readonly #io: Io;
  readonly #names: readonly string[];
  readonly #broken: string[] = [];
  #first: Promise<readonly Input[]> | undefined;

  /** @param more those that were named without --image. @throws UsageError when there is none. */
  constructor(graph: Graph, values: Values, io: Io, more: readonly string[] = []) {
    this.#names = namesOf(values, more);
    if (this.#names.length === 0) {
      throw new UsageError(
        'expected --image FILE, got none; to begin without one, try --image synthetic:4, or draw some with "vitrine dataset"',
      );
    }
    if (values.has("layout") && !this.#names.some(isArray)) {
      throw new UsageError("--layout expects an array (.npy), got pictures only");
    }
    this.#graph = graph;
    this.#values = values;
    this.#io = io;
  }

  /** Number of files. */
  get count(): number {
    return this.#names.length;
  }

  /** Tells whether they are more than one: files, or images of one array. */
  async several(): Promise<boolean> {
    return this.#names.length > 1 || (await this.#read(0)).length > 1;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Input> {
    for (const [i, name] of this.#names.entries()) {
      this.#io.signal.throwIfAborted();
      let inputs: readonly Input[];
      try {
        inputs = await this.#read(i);
      } catch (error) {
        this.fail(name, error);
        continue;
      }
      yield* inputs;
    }
  }

  /** Batches of the images, of up to `most`. */
  async *batches(most: number): AsyncGenerator<readonly Input[]> {
    let batch: Input[] = [];
    for await (const input of this) {
      if (batch.push(input) < most) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /** All of them at once. @throws InputError when none can be used. */
  async all(): Promise<Input[]> {
    const inputs: Input[] = [];
    for await (const input of this) inputs.push(input);
    if (inputs.length > 0) return inputs;
    throw new InputError(`expected an image that can be used, got none among ${this.#names.length}`);
  }

  /** Says that an image could not be used. @throws the error, where it is the only image or not the image's fault. */
  fail(name: string, error: unknown): void {
    const own = error instanceof InputError || error instanceof UnsupportedError;
    if (!own || this.#names.length === 1 || this.#io.signal.aborted) throw error;
    const message = messageOf(error);
    this.#io.err(`vitrine: ${message.includes(name) ? "" : `${name}: `}${message}`);
    this.#broken.push(name);
  }

  /** At the end of a command: @throws InputError that names the images that could not be used, if there are any. */
  assertWhole(): void {
    if (this.#broken.length === 0) return;
    throw new InputError(
      `${this.#broken.length} of ${this.#names.length} images could not be used: ${this.#broken.join(", ")}`,
    );
  }

  #read(i: number): Promise<readonly Input[]> {
    const name = this.#names[i] ?? "";
    if (i > 0) return readInput(this.#graph, name, this.#values, this.#io);
    // Whoever asks how many they are does not want it read twice.
    this.#first ??= readInput(this.#graph, name, this.#values, this.#io);
    return this.#first;
  }
}

async function readInput(graph: Graph, name: string, values: Values, io: Io): Promise<Input[]> {
  if (isSynthetic(name)) return [inputOfPhoto(graph, name, await drawn(graph, name, values, io))];
  const source = await readSource(name);
  if ("arrays" in source) return source.arrays.flatMap((own) => inputsOfArray(graph, own, values, io));
  return [inputOfPhoto(graph, name, await decodeImage(source.bytes, name))];
}

function inputOfPhoto(graph: Graph, name: string, photo: Pixels): Input {
  return { name, photo, values: inputFrom(graph, photo), ...fittingOf(photo, graph) };
}

async function drawn(graph: Graph, name: string, values: Values, io: Io): Promise<Pixels> {
  const [height, width] = pictureOf(graph, name).shape;
  const text = syntheticNumber(name);
  if (!/^\d+$/.test(text)) {
    throw new UsageError(`--image expects synthetic: and a whole number, got "${name}"`);
  }
  const seed = values.whole("seed", 0, LARGEST_U32) ?? 1;
  const size = Math.max(height, width);
  const pictures = syntheticPictures(await io.device(), { first: Number(text), size, seed });
  for await (const picture of pictures) return picture;
  throw new Error(`${name}: nothing was drawn`);
}

function inputsOfArray(graph: Graph, { name, array }: NamedArray, values: Values, io: Io): Input[] {
  if (graph.preprocessing.turned && array.dtype !== "u1") {
    io.err(
      "vitrine: this network was trained on blue, green, red and is run on red, green, blue: the array must be so; --preprocess none leaves it as it was",
    );
  }
  const images = imagesIn(array, name, values);
  return images.map((image, i) => {
    const own = images.length > 1 ? `${name}#${i}` : name;
    return {
      name: own,
      ...inputFromArray(graph, image, array.dtype, own, values),
      ...(array.dtype === "u1" ? fittingOf(image, graph) : {}),
    };
  });
}

/** Words for what each fit does to a picture of other proportions. */
const DEEDS = { cover: "cut", stretch: "squashed", contain: "padded with black" } as const;

function fittingOf(
  { width, height }: { readonly width: number; readonly height: number },
  graph: Graph,
): Pick<Input, "fitted"> {
  const [h, w] = pictureOf(graph, "image").shape;
  if (width * h === height * w) return {};
  const fit = graph.preprocessing.fit ?? "cover";
  const where = width * h > height * w ? " at the sides" : " above and below";
  return {
    fitted: `${DEEDS[fit]}${fit === "cover" ? where : ""} from ${formatShape([height, width])} to ${formatShape([h, w])}`,
  };
}
