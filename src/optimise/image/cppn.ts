import { type Command, recordCommands } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import { all, build, type Owner } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { createNormalImages } from "../../kernels/ascent.ts";
import {
  type CppnLayer,
  createCppnLayer,
  createCppnLayerGradient,
  createCppnStart,
  createCppnWeightGradient,
} from "../../kernels/cppn.ts";
import { createColorSigmoid, createColorSigmoidGradient } from "../../kernels/parametrisation.ts";
import type { AscentImage, ImageKind, ImageSite } from "./image.ts";
import { finiteNumbers } from "./start.ts";

export interface CppnOptions {
  /** Hidden layers, 1 to 32. Default 8. */
  readonly layers?: number | undefined;
  /** Neurons in each, 1 to 64. Default 24. */
  readonly neurons?: number | undefined;
  /**
   * Parameters to begin with, for all images or one list for each: layer by layer the weights [inputs, outputs], then the biases.
   * Default: drawn by the ascent's seed.
   */
  readonly start?: ArrayLike<number> | undefined;
}

const CPPN: Fields<CppnOptions> = { layers: "may", neurons: "may", start: "may" };

const WHO = "cppnImage";

/** A normal distribution between minus two and two deviations: the share of the whole, and its deviation. */
const WITHIN_TWO = { share: 0.954499736, deviation: 0.87962566 };
/** Deviation of the biases that networks begin with. */
const BIAS = 0.1;

/**
 * Images that a small network draws, from a pixel's place to its color (a compositional pattern-producing network, as in Lucid:
 * tensorflow/lucid, optvis/param/cppn.py). What varies are its weights, so pictures are smooth and can be drawn at any size. Each image
 * has a network of its own; the coordinates run from −√3 to √3, every neuron gives atan(z)/0.67 and atan(z)²/0.6, and the last layer
 * goes through a sigmoid: pixels are 0…1 before preprocessing.
 *
 * Weights begin as Lucid's: normal within two deviations, of variance 1 / inputs; biases normal with deviation 0.1; the last layer's
 * weights zero, so that an ascent begins with one color.
 * @throws InputError when an option is out of range; when it is put to an ascent, where the start has another size.
 * @example
 * cppnImage();
 * cppnImage({ layers: 4, neurons: 16 });
 */
export function cppnImage(options: CppnOptions = {}): ImageKind {
  assertFields(WHO, options, CPPN);
  const { layers = 8, neurons = 24 } = options;
  assertCount("layers", layers, 32);
  assertCount("neurons", neurons, 64);
  const start = finiteNumbers(WHO, "start", options.start);
  return { name: "CPPN", range: "unit", create: (site) => createCppnImage(site, { layers, neurons, start }) };
}

function assertCount(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new InputError(
    `${WHO}: expected ${name} to be a whole number of 1 to ${most}, got ${describe(value)}`,
  );
}

interface Settings {
  readonly layers: number;
  readonly neurons: number;
  readonly start: Float32Array | undefined;
}

/** The layers of a network, the last one that of the colors; and how many parameters it has. */
function layersOf(
  [height, width, channels]: ImageSite["shape"],
  { layers, neurons }: Settings,
): { readonly list: readonly CppnLayer[]; readonly parameters: number } {
  const list: CppnLayer[] = [];
  let offset = 0;
  for (let k = 0; k <= layers; k++) {
    const first = k === 0;
    const outputs = k === layers ? channels : neurons;
    list.push({ size: [height, width], hidden: neurons, offset, outputs, first });
    offset += (inputsOf(first, neurons) + 1) * outputs;
  }
  return { list, parameters: offset };
}

function inputsOf(first: boolean, neurons: number): number {
  return first ? 2 : 2 * neurons;
}

/** Deviation of each parameter to begin with, and the share of the normal distribution that it is drawn from. */
function spreadOf(list: readonly CppnLayer[]): Float32Array {
  return Float32Array.from(
    list.flatMap(({ first, hidden, outputs }, k) => {
      const inputs = inputsOf(first, hidden);
      const sd = k === list.length - 1 ? 0 : 1 / Math.sqrt(inputs) / WITHIN_TWO.deviation;
      return Array.from({ length: (inputs + 1) * outputs }, (_, i) =>
        i < inputs * outputs ? [sd, WITHIN_TWO.share] : [BIAS, 1],
      ).flat();
    }),
  );
}

function createCppnImage(
  { device, images, shape, numbers, seed }: ImageSite,
  settings: Settings,
): Promise<AscentImage & Owner> {
  const { list, parameters: size } = layersOf(shape, settings);
  const { neurons, start } = settings;
  if (start && start.length !== size && start.length !== size * images) {
    throw new InputError(
      `${WHO}: expected a start of ${size} parameters for all images${images > 1 ? `, or ${images} times as many` : ""}, got ${start.length}`,
    );
  }
  const places = shape[0] * shape[1];
  return build(device, "CPPN image", async ({ tensor, command }) => {
    const parameters = tensor([images, size], { label: "CPPN parameters" });
    const gradient = tensor([images, size], { label: "CPPN gradient" });
    const pixels = tensor([images, ...shape], { label: "CPPN pixels" });
    const pixelGradient = tensor(pixels.shape, { label: "CPPN pixel gradient" });
    const sums = (of: number, label: string): Tensor => tensor([images, places, of], { label });
    const none = tensor([1], { label: "CPPN unread" });
    // Sums of every layer, and the gradients to those of two: a layer's and that before it.
    const z = list.map(({ outputs }) => sums(outputs, "CPPN sums"));
    const last = sums(shape[2], "CPPN color gradient");
    const hidden = [sums(neurons, "CPPN sums' gradient"), sums(neurons, "CPPN sums' gradient")] as const;
    const dz = list.map((_, k) => (k === list.length - 1 ? last : hidden[k % 2 === 0 ? 0 : 1]));
    const asPixels = (of: Tensor | undefined): Tensor => ({ ...(of ?? none), shape: pixels.shape });
    const before = (of: readonly Tensor[], k: number): Tensor => of[k - 1] ?? none;

    const color = { bounds: [0, 1] } as const;
    const drawing = list.map((layer, k) =>
      command(createCppnLayer(device, layer, { x: before(z, k), parameters, z: z[k] ?? none })),
    );
    drawing.push(command(createColorSigmoid(device, color, { t: asPixels(z.at(-1)), pixels })));
    const back: Promise<Command>[] = [
      command(
        createColorSigmoidGradient(device, color, { pixels, dpixels: pixelGradient, dt: asPixels(last) }),
      ),
    ];
    for (const [k, layer] of [...list.entries()].reverse()) {
      const own = dz[k] ?? none;
      const x = before(z, k);
      back.push(command(createCppnWeightGradient(device, layer, { x, dz: own, gradient })));
      if (k === 0) continue;
      back.push(
        command(createCppnLayerGradient(device, layer, { x, parameters, dz: own, dx: before(dz, k) })),
      );
    }
    const begin = start
      ? createNormalImages(device, {
          ...{ numbers, mean: tensor([start.length], { data: start }), x: parameters, sd: 0, seed },
        })
      : createCppnStart(device, {
          ...{ numbers, spread: tensor([size, 2], { data: spreadOf(list) }), parameters, seed },
        });
    const [starts, draws, backs] = await all([command(begin), all(drawing), all(back)]);
    return {
      ...{ parameters, gradient, pixels, pixelGradient },
      start: (encoder) => recordCommands(encoder, [starts]),
      draw: (encoder) => recordCommands(encoder, draws),
      back: (encoder) => recordCommands(encoder, backs),
    };
  });
}
