import { recordCommands } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import { build, type Owner } from "../../gpu/scope.ts";
import { formatShape, sizeOf } from "../../gpu/tensor.ts";
import { assertGraph, type Graph, inputOf, inputsOf, type OutputRange } from "../../graph/graph.ts";
import { drawnShape, outputRangeOf } from "../../graph/output-range.ts";
import { createNormalImages } from "../../kernels/ascent.ts";
import type { OpLayer } from "../../layers/ops.ts";
import { createNetwork } from "../../network/create-network.ts";
import type { AscentImage, ImageKind, ImageSite } from "./image.ts";
import { finiteNumbers } from "./start.ts";

export interface LatentOptions {
  /** The generator's numbers for black and for white. Default: what its file declares; few do. */
  readonly output?: OutputRange | undefined;
  /** Code to begin with, for all images or one for each. Default: zeros. */
  readonly start?: ArrayLike<number> | undefined;
  /** Standard deviation of the normal numbers that are added to it. Default 1 without a start, 0 with one. */
  readonly noise?: number | undefined;
}

const LATENT: Fields<LatentOptions> = { output: "may", start: "may", noise: "may" };

const WHO = "latentImage";

/**
 * Images that a generator draws: what varies is its code, and its weights stay (Nguyen et al. 2016, "Synthesizing the preferred
 * inputs for neurons in neural networks via deep generator networks"). The generator has one input, of any shape, and its output
 * is a picture [H, W, C] of at least the wanted size, of which the middle is taken. Pixels are 0…1 before preprocessing.
 * @throws InputError when an option is out of range, or the graph is no generator of pictures; when it is put to an ascent, where
 * pictures are too small or of other channels, or the start has another size than the code.
 * @example
 * latentImage(generator, { output: [-1, 1] }); // a generator that ends in tanh, from codes drawn by the ascent's seed
 */
export function latentImage(generator: Graph, options: LatentOptions = {}): ImageKind {
  assertGraph(WHO, generator);
  assertFields(WHO, options, LATENT);
  const output = outputRangeOf(WHO, generator, options.output);
  const start = finiteNumbers(WHO, "start", options.start);
  const noise = options.noise ?? (start ? 0 : 1);
  if (!(noise >= 0 && Number.isFinite(noise))) {
    throw new InputError(`${WHO}: expected a noise of at least 0, got ${describe(noise)}`);
  }
  const inputs = inputsOf(generator);
  if (inputs.length !== 1) {
    throw new InputError(
      `${WHO}: expected generator "${generator.name}" to have one input, its code, got ${inputs.length}; fix the others with fixInputs`,
    );
  }
  drawnShape(WHO, generator);
  return {
    name: "latent code",
    range: "unit",
    create: (site) => createLatentImage(site, generator, { output, start, noise }),
  };
}

interface Settings {
  readonly output: OutputRange;
  readonly start: Float32Array | undefined;
  readonly noise: number;
}

/** The generator with the middle of its picture taken, and black and white put at 0 and 1. */
function drawing(generator: Graph, wanted: ImageSite["shape"], [black, white]: Settings["output"]): Graph {
  const made = drawnShape(WHO, generator);
  const [height, width, channels] = made;
  if (channels !== wanted[2]) {
    throw new InputError(
      `${WHO}: expected generator "${generator.name}" to give pictures of ${wanted[2]} channels, as the network takes them, got ${channels}`,
    );
  }
  if (height < wanted[0] || width < wanted[1]) {
    throw new InputError(
      `${WHO}: expected generator "${generator.name}" to give pictures of at least ${formatShape(wanted)}, got ${formatShape(made)}; ask for a smaller size, or take a generator of larger pictures`,
    );
  }
  const layers: OpLayer[] = [];
  let last = generator.output;
  const name = (what: string): string => `${generator.output} ${what}`;
  if (height > wanted[0] || width > wanted[1]) {
    const starts = [Math.floor((height - wanted[0]) / 2), Math.floor((width - wanted[1]) / 2), 0];
    layers.push({ op: "slice", name: name("middle"), inputs: [last], starts, sizes: wanted });
    last = name("middle");
  }
  const scale = new Float32Array(channels).fill(1 / (white - black));
  const offset = new Float32Array(channels).fill(-black / (white - black));
  layers.push({ op: "batchNorm", name: name("pixels"), inputs: [last], scale, offset });
  const { preprocessing } = generator;
  return {
    name: generator.name,
    layers: [...generator.layers, ...layers],
    output: name("pixels"),
    preprocessing,
  };
}

function createLatentImage(
  { device, images, shape, numbers, seed }: ImageSite,
  generator: Graph,
  { output, start, noise }: Settings,
): Promise<AscentImage & Owner> {
  const graph = drawing(generator, shape, output);
  return build(device, "latent image", async ({ own, tensor, command }) => {
    const network = own(await createNetwork(device, graph, { batch: images, gradients: true }));
    const code = network.input;
    const size = sizeOf(code.shape) / images;
    if (start && start.length !== size && start.length !== size * images) {
      throw new InputError(
        `${WHO}: expected a start of ${size} numbers, the code of generator "${generator.name}", or of ${size * images}, one code for each image, got ${start.length}`,
      );
    }
    const pixels = network.activation(graph.output);
    const mean = tensor([start?.length ?? 1], { data: start ?? new Float32Array(1), label: "first code" });
    const begin = await command(createNormalImages(device, { numbers, mean, x: code, sd: noise, seed }));
    const pixelGradient = network.gradient(graph.output);
    return {
      parameters: { ...code, shape: [images, size] },
      gradient: { ...network.gradient(inputOf(graph).name), shape: [images, size] },
      pixels,
      pixelGradient,
      start: (encoder) => recordCommands(encoder, [begin]),
      draw: (encoder) => network.forward(encoder),
      back: (encoder) => network.backward(encoder, { layer: graph.output, gradient: pixelGradient }),
    };
  });
}
