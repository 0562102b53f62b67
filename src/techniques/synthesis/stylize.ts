import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import { build, type Owner } from "../../gpu/scope.ts";
import { formatShape, readTensor } from "../../gpu/tensor.ts";
import { type Graph, type OutputRange, shapesOf } from "../../graph/graph.ts";
import { drawnShape, outputRangeOf } from "../../graph/output-range.ts";
import { resized } from "../../graph/resize.ts";
import { type PictureSource, readInput, readPicture } from "../../images/picture.ts";
import { assertPixels, mirrored, type Pixels } from "../../images/pixels.ts";
import { valuesOf } from "../../images/zoom.ts";
import { assertInputsFixed } from "../../network/inputs.ts";
import type { Networks } from "../../network/pool.ts";
import { assertAnswer } from "../answer-checks.ts";
import { submitForward, writeInput } from "../submit.ts";
import { drawnPixels } from "./drawn-pixels.ts";
import { pictureTechnique } from "./picture-technique.ts";

export interface StylistOptions {
  /** The network's numbers for black and for white: [0, 255], [0, 1], [-1, 1]. Default: what its file declares; few do. */
  readonly output?: OutputRange | undefined;
  /**
   * Pixels by which the picture is continued on every side, mirrored, and which are cut off again: against the rims that networks
   * with zero padding draw. Default 0.
   */
  readonly border?: number | undefined;
}

export interface StylizeOptions extends StylistOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A style network, ready for pictures of one size. */
export interface Stylist {
  readonly width: number;
  readonly height: number;
  /**
   * Draws a picture in the style: pixels, or what a page has, such as a video's present frame.
   * @throws InputError for a picture of another size, or when the network's numbers do not fit the output range; the signal's reason.
   */
  draw(
    picture: Pixels | PictureSource,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Pixels>;
}

const STYLIST: Fields<StylistOptions> = { output: "may", border: "may" };
const STYLIZE: Fields<StylizeOptions> = { ...STYLIST, signal: "may" };

const MOST_BORDER = 1024;

/**
 * Makes a feed-forward style network (Johnson et al. 2016, "Perceptual losses for real-time style transfer and super-resolution")
 * ready for pictures of one size: any size that its layers take. Where the network goes down and up again by a factor, the picture is
 * continued by its mirror image to the next multiple, and what was added is cut off again. It serves a film or a camera, frame
 * by frame.
 * @param networks pool of the style network, from a picture to a picture of the same size.
 * @throws InputError when the output range or the scaling of the input is not known, a network does not give pictures of its input's
 * size, or an option is out of range; UnsupportedError for other than three channels.
 * @example
 * using stylist = await createStylist(networks, { width: 640, height: 480 }, { output: [0, 255] });
 * const frame = await stylist.draw(video);
 */
export async function createStylist(
  networks: Networks,
  size: { readonly width: number; readonly height: number },
  options: StylistOptions = {},
): Promise<Stylist & Owner> {
  assertFields("createStylist", options, STYLIST);
  const { graph, device } = networks;
  const { width, height } = size;
  assertInputsFixed("createStylist", graph);
  const { border = 0 } = options;
  const range = outputRangeOf("createStylist", graph, options.output);
  if (![width, height].every((side) => Number.isInteger(side) && side >= 1)) {
    throw new InputError(`createStylist: expected a size of whole pixels, got ${width}×${height}`);
  }
  if (!(Number.isInteger(border) && border >= 0 && border <= MOST_BORDER)) {
    throw new InputError(
      `createStylist: expected a border of 0 to ${MOST_BORDER} pixels, got ${describe(border)}`,
    );
  }
  const { preprocessing } = graph;
  if (preprocessing.guessed?.includes("values")) {
    throw new InputError(
      `createStylist: expected to know what "${graph.name}" takes, which is only ${preprocessing.source}; load it with a preprocessing: "none" for 0…255, "unit" for 0…1, "signed" for −1…1`,
    );
  }
  const frame = frameOf(graph, [height, width], border);
  return build(device, `style of "${graph.name}"`, async ({ own }) => {
    const network = own(await networks.temporary({ size: frame.input, keep: [] }));
    return {
      width,
      height,
      draw: async (picture: Pixels | PictureSource, { signal }: Pick<StylizeOptions, "signal"> = {}) => {
        const pixels = await readPicture(picture);
        if (pixels.width !== width || pixels.height !== height) {
          throw new InputError(
            `stylist: expected a picture of ${width}×${height} pixels, got ${pixels.width}×${pixels.height}`,
          );
        }
        const input = await readInput(network.graph, mirrored(pixels, frame.rims));
        return network.inTurn(
          async (turn) => {
            writeInput(turn, input);
            await submitForward(turn);
            const drawn = turn.activation(turn.graph.output);
            const values = await readTensor(device, drawn);
            signal?.throwIfAborted();
            await assertAnswer(turn, values, "the picture");
            assertWithin(graph, values, range, pixels);
            const [top, left] = frame.at;
            return drawnPixels(values, size, range, { columns: drawn.shape[2] ?? 0, top, left });
          },
          { signal },
        );
      },
    };
  });
}

/**
 * Draws a picture in the style of a feed-forward style network, at its full size; see {@link createStylist}, which serves many of
 * one size. Numbers beyond black and white are clipped.
 * @returns pixels of the picture's size.
 * @throws as {@link createStylist}, and the signal's reason.
 * @example
 * const networks = createNetworks(device, await loadModel(files, { preprocessing: "none" }));
 * const painted = await stylize(networks, photograph, { output: [0, 255] });
 */
export async function stylize(
  networks: Networks,
  picture: Pixels | PictureSource,
  options: StylizeOptions = {},
): Promise<Pixels> {
  assertFields("stylize", options, STYLIZE);
  const { signal, ...more } = options;
  signal?.throwIfAborted();
  const pixels = await readPicture(picture);
  assertPixels(pixels);
  const stylist = await createStylist(networks, pixels, more);
  try {
    return await stylist.draw(pixels, { signal });
  } finally {
    stylist.destroy();
  }
}

type Size = readonly [height: number, width: number];

/** The way of a picture through the network. */
interface Frame {
  /** Size at which the network runs. */
  readonly input: Size;
  /** Rows and columns that are added to the picture. */
  readonly rims: {
    readonly top: number;
    readonly bottom: number;
    readonly left: number;
    readonly right: number;
  };
  /** Place of the picture in what the network gives. */
  readonly at: readonly [top: number, left: number];
}

/** Factors by which networks go down and up again. */
const MULTIPLES = [1, 2, 4, 8, 16, 32, 64];

/**
 * The least size around a picture of which the network gives as large a one. Where none does, the network has windows
 * without padding, which eat a rim: then the size of which the picture is left.
 */
function frameOf(graph: Graph, picture: Size, border: number): Frame {
  const [, , channels] = drawnShape("createStylist", graph);
  if (channels !== 3) {
    throw new UnsupportedError(
      `createStylist: expected "${graph.name}" to give red, green and blue, got ${channels} channels`,
    );
  }
  let refused: unknown;
  const givenOf = (size: Size): Size | undefined => {
    try {
      const sized = resized(graph, size);
      const [, height = 0, width = 0] = shapesOf(sized).get(graph.output) ?? [];
      return [height, width];
    } catch (error) {
      refused ??= error;
      return undefined;
    }
  };
  const upTo = (multiple: number, rim: Size): Size => [
    Math.ceil((picture[0] + 2 * border + rim[0]) / multiple) * multiple,
    Math.ceil((picture[1] + 2 * border + rim[1]) / multiple) * multiple,
  ];
  const framed = (input: Size, eaten: Size): Frame => {
    const [top, left] = [Math.floor((input[0] - picture[0]) / 2), Math.floor((input[1] - picture[1]) / 2)];
    return {
      input,
      rims: { top, left, bottom: input[0] - picture[0] - top, right: input[1] - picture[1] - left },
      at: [top - Math.floor(eaten[0] / 2), left - Math.floor(eaten[1] / 2)],
    };
  };
  const eats: { readonly multiple: number; readonly rim: Size }[] = [];
  for (const multiple of MULTIPLES) {
    const input = upTo(multiple, [0, 0]);
    const given = givenOf(input);
    if (!given) continue;
    const rim: Size = [input[0] - given[0], input[1] - given[1]];
    if (rim[0] === 0 && rim[1] === 0) return framed(input, rim);
    if (rim[0] >= 0 && rim[1] >= 0) eats.push({ multiple, rim });
  }
  for (const { multiple, rim } of eats.toReversed()) {
    const input = upTo(multiple, rim);
    // Of a larger picture it eats no more.
    const larger: Size = [input[0] + multiple, input[1] + multiple];
    const same = [input, larger].every((size) => {
      const given = givenOf(size);
      return given && size[0] - given[0] === rim[0] && size[1] - given[1] === rim[1];
    });
    if (same) return framed(input, rim);
  }
  const given = givenOf(upTo(1, [0, 0]));
  if (!given && refused !== undefined) throw refused;
  throw new InputError(
    `createStylist: expected "${graph.name}" to give pictures of its input's size, got ${formatShape(given ?? [])} of ${formatShape(picture)}`,
  );
}

/** @throws InputError when the network's numbers cannot be meant by the output range. */
function assertWithin(
  { name }: Graph,
  values: Float32Array,
  [black, white]: OutputRange,
  picture: Pixels,
): void {
  const [low, high] = [Math.min(black, white), Math.max(black, white)];
  let [least, most, beyond] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    if (value < low || value > high) beyond++;
  }
  const flat = most - least < (high - low) / 100 && picture.data.some((v) => v !== picture.data[0]);
  if (beyond <= values.length / 2 && !flat) return;
  throw new InputError(
    `stylist: expected numbers of ${black} for black to ${white} for white, as output says, got ${least.toPrecision(3)} to ${most.toPrecision(3)} from "${name}"; give the range that the network has`,
  );
}

export const FEED_FORWARD_STYLE = pictureTechnique({
  name: "feed-forward-style",
  title: "Feed-forward style",
  paper: { authors: "Johnson et al.", year: 2016, arxiv: "1603.08155" },
  summary: "A picture drawn by a style network in one pass",
  asks: ["picture"],
  command: "stylize",
  draws: true,
  options: {
    border: {
      type: { kind: "whole", from: 0, to: MOST_BORDER },
      default: 0,
      help: "Pixels by which the picture is continued on every side, mirrored, and which are cut off again: against rims that the network draws.",
    },
  },
  async run(networks, { picture }, { onProgress: _, onPicture: __, seed: ___, ...options }) {
    return [{ name: networks.graph.name, ...valuesOf(await stylize(networks, picture, options)) }];
  },
});
