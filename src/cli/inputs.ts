import { syntheticPictures } from "../dataset/synthetic.ts";
import { formatShape } from "../gpu/tensor.ts";
import type { Pixels } from "../images/pixels.ts";
import { inputFrom } from "../images/preprocess.ts";
import { type Graph, inputOf } from "../network/graph.ts";
import { readImage } from "../node/image.ts";
import { readNpy } from "../node/npy.ts";
import { imagesIn, inputFromArray, type Taken } from "./arrays.ts";
import { type Io, UsageError } from "./io.ts";
import { isArray, isSynthetic, namesOf, syntheticNumber } from "./names.ts";
import type { Values } from "./values.ts";

/** An image as the network takes it. */
export interface Input extends Taken {
  /** As it was given; of several in one array, with its number. */
  readonly name: string;
  /** What was done to a picture of other proportions than the network's: "squashed from 24×48 to 24×24". */
  readonly fitted?: string;
}

/** Reads images into the network's input. `more` are those that were named without --image. */
export async function readInputs(
  graph: Graph,
  values: Values,
  io: Io,
  more: readonly string[] = [],
): Promise<Input[]> {
  const names = namesOf(values, more);
  if (names.length === 0) {
    throw new UsageError(
      'expected --image FILE, got none; to begin without one, try --image synthetic:4, or draw some with "vitrine dataset"',
    );
  }
  if (values.has("layout") && !names.some(isArray)) {
    throw new UsageError("--layout expects an array (.npy), got pictures only");
  }
  const inputs: Input[] = [];
  for (const name of names) {
    io.signal.throwIfAborted();
    inputs.push(...(await readInput(graph, name, values, io)));
  }
  return inputs;
}

async function readInput(graph: Graph, name: string, values: Values, io: Io): Promise<Input[]> {
  if (isArray(name)) return readArray(graph, name, values, io);
  const pixels = isSynthetic(name) ? await drawn(graph, name, values, io) : await readImage(name);
  return [{ name, values: inputFrom(graph, pixels), ...fittingOf(pixels, graph) }];
}

async function drawn(graph: Graph, name: string, values: Values, io: Io): Promise<Pixels> {
  const [height, width] = inputOf(graph).shape;
  const text = syntheticNumber(name);
  if (!/^\d+$/.test(text)) {
    throw new UsageError(`--image expects synthetic: and a whole number, got "${name}"`);
  }
  const seed = values.whole("seed", 0, 2 ** 32 - 1) ?? 1;
  const size = Math.max(height, width);
  const pictures = syntheticPictures(await io.device(), { first: Number(text), size, seed });
  for await (const picture of pictures) return picture;
  throw new Error(`${name}: nothing was drawn`);
}

async function readArray(graph: Graph, name: string, values: Values, io: Io): Promise<Input[]> {
  const array = await readNpy(name);
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

/** What each fit does to a picture of other proportions, in words. */
const DEEDS = { cover: "cut at the sides", stretch: "squashed", contain: "padded with black" } as const;

function fittingOf(
  { width, height }: { readonly width: number; readonly height: number },
  graph: Graph,
): Pick<Input, "fitted"> {
  const [h, w] = inputOf(graph).shape;
  if (width * h === height * w) return {};
  const deed = DEEDS[graph.preprocessing.fit ?? "cover"];
  return { fitted: `${deed} from ${formatShape([height, width])} to ${formatShape([h, w])}` };
}
