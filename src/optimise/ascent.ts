import { type Command, recordCommands } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { build, type Owner } from "../gpu/scope.ts";
import { LARGEST_U32, type Tensor } from "../gpu/tensor.ts";
import { pictureOf } from "../graph/graph.ts";
import { activationOf } from "../graph/layer-facts.ts";
import { createAscentValues, createNextStep } from "../kernels/ascent.ts";
import type { BackwardRule } from "../layers/activation-gradient.ts";
import { activationFacts } from "../layers/activation-kinds.ts";
import type { Network } from "../network/network.ts";
import type { LayerRules } from "../network/rules.ts";
import { createObjective } from "../objectives/commands.ts";
import type { Objective } from "../objectives/objective.ts";
import { seedOf } from "../sampling/seed.ts";
import type { AscentImage, ImageKind } from "./image/image.ts";
import type { Optimiser } from "./optimisers/optimiser.ts";
import type { Regulariser } from "./regularisers/regulariser.ts";
import type { Transform } from "./transforms/transform.ts";
import { createViews } from "./transforms/views.ts";

export interface AscentOptions<I extends AscentImage = AscentImage> {
  /** What is to grow. A loss has a negative weight. */
  readonly objective: Objective;
  /** What is varied. */
  readonly image: ImageKind<I>;
  /** How it climbs. */
  readonly optimiser: Optimiser;
  /** Size of the images in pixels. Default: the network's. Another size is brought to the network's, bilinear. */
  readonly size?: readonly [height: number, width: number] | undefined;
  /** Changes of the image on its way to the network, in order. Default: none. */
  readonly transforms?: readonly Transform[] | undefined;
  /**
   * Views of each image that go through the network in a step, each with transforms of its own; the objective is their mean.
   * The network's batch is images·views. Default 1.
   */
  readonly views?: number | undefined;
  /** Changes of the parameters between steps, in order. Default: none. */
  readonly regularisers?: readonly Regulariser[] | undefined;
  /** Rule by which the gradient passes a ReLU, or the rule of each step, from 0. Default "gradient". See {@link redirectedFor}. */
  readonly rule?: BackwardRule | ((step: number) => BackwardRule) | undefined;
  /** Seed of every random number, 0 to 2³² − 1. Default 0. */
  readonly seed?: number | undefined;
  /** A number for each image, by which its random numbers are drawn. Default 0, 1, 2 … */
  readonly numbers?: readonly number[] | undefined;
}

const ASCENT: Fields<AscentOptions> = {
  ...{ objective: "must", image: "must", optimiser: "must" },
  ...{ size: "may", transforms: "may", views: "may", regularisers: "may", rule: "may", seed: "may" },
  numbers: "may",
};

/** Values of the last steps that an ascent holds. */
export const RECENT = 64;

/**
 * An ascent, ready to record. Recording allocates nothing, submits nothing and writes no queue, so that a host may put steps
 * into its own frames. Memory does not depend on the number of steps.
 */
export interface Ascent<I extends AscentImage = AscentImage> {
  readonly network: Network;
  /** Number of images. */
  readonly images: number;
  /** What is varied; `image.pixels` [images, H, W, C] holds the pixels once `recordPixels` ran. */
  readonly image: I;
  /** Unit of the pixels. */
  readonly range: ImageKind["range"];
  /** `[images]`: the objective of each image in the last step, before its update. */
  readonly values: Tensor;
  /** `[64, images]`: the values of the last steps, those of step k in row k mod 64. */
  readonly recent: Tensor;
  /** Number of steps that were recorded. */
  readonly steps: number;
  /** Records the beginning; what was there before is forgotten. It must be submitted before the first step. */
  recordStart(encoder: GPUCommandEncoder): void;
  /**
   * Records a step.
   * @param of number of steps that there will be, for what leaves the last one out; default: no end.
   */
  recordStep(encoder: GPUCommandEncoder, of?: number): void;
  /** Records the drawing of the pixels as they are after the last step. */
  recordPixels(encoder: GPUCommandEncoder): void;
}

/**
 * The rule of an ascent that opens units which do not fire yet: "redirected" in the first steps, then "gradient". Lucid has it
 * for 16 steps. Activations for which "redirected" is not defined keep their gradient.
 * @example
 * createAscent(network, { …, rule: redirectedFor(16) });
 */
export function redirectedFor(steps: number): (step: number) => BackwardRule {
  return (step) => (step < steps ? "redirected" : "gradient");
}

/**
 * Makes an ascent ready: images that are varied, step by step, so that an objective grows. A step draws the pixels, changes
 * them by the transforms, runs the network forward as deep as the objective lies and backward to the pixels, and moves the parameters.
 * All of it is recorded, and stays on the GPU. `climb` runs one.
 * @param network with gradients, whose batch is images·views. It is borrowed: nobody else may use it until the ascent ends.
 * @throws InputError when something does not fit; what the parts throw.
 * @example
 * ```ts
 * import { createNetwork } from "vitrine";
 * import { channelMean } from "vitrine/objectives";
 * import { adam, climb, createAscent, fourierImage, lucidTransforms, redirectedFor } from "vitrine/optimise";
 *
 * const network = await createNetwork(device, graph, { keep: ["conv3_3"] });
 * const ascent = await createAscent(network, {
 *   objective: channelMean("conv3_3", 5),
 *   image: fourierImage(),
 *   transforms: lucidTransforms(),
 *   optimiser: adam({ rate: 0.05 }),
 *   rule: redirectedFor(16),
 * });
 * const { pixels } = await climb(ascent, { steps: 4 }); // 256 for a picture to look at
 * console.log(pixels.length); // 27648
 * ascent.destroy();
 * network.destroy();
 * ```
 */
export async function createAscent<I extends AscentImage>(
  network: Network,
  options: AscentOptions<I>,
): Promise<Ascent<I> & Owner> {
  assertFields("createAscent", options, ASCENT as Fields<AscentOptions<I>>);
  const { objective, image: kind, optimiser, transforms = [], views = 1, regularisers = [] } = options;
  const { device, batch, graph } = network;
  const input = pictureOf(graph, "createAscent");
  const images = batch / views;
  if (!Number.isInteger(views) || views < 1 || !Number.isInteger(images)) {
    throw new InputError(
      `createAscent: expected views that divide the network's batch of ${batch}, got ${views}; create the network with a batch of images·views`,
    );
  }
  const [height, width, channels] = input.shape;
  const size = options.size ?? [height, width];
  if (size.length !== 2 || !size.every((side) => Number.isInteger(side) && side >= 1)) {
    throw new InputError(`createAscent: expected a size [height, width] of whole pixels, got [${size}]`);
  }
  const numbers = numbersOf(options.numbers, images);
  const seed = seedOf(options.seed, "createAscent");
  const rules = new Map<string, BackwardRule | LayerRules>();
  const ruleAt = (step: number): BackwardRule | LayerRules => {
    const { rule = "gradient" } = options;
    const name = typeof rule === "function" ? rule(step) : rule;
    const known = rules.get(name) ?? whereDefined(network, name);
    rules.set(name, known);
    return known;
  };
  ruleAt(0);

  let steps = 0;
  const made = await build(device, "ascent", async ({ tensor, command }) => {
    const step = tensor([1], { dtype: "u32", label: "ascent step" });
    const numbered = tensor([images], { dtype: "u32", data: numbers, label: "ascent numbers" });
    const site = { device, images, shape: [size[0], size[1], channels] as const, numbers: numbered, seed };
    const image = await command(kind.create(site));
    const { parameters, gradient, pixels, pixelGradient } = image;
    const scaling = kind.range === "unit" ? unitScaling(network, channels) : {};
    const { forward, backward } = await command(
      createViews(device, {
        ...{ pixels, pixelGradient, transforms, views, numbers: numbered, step, seed },
        ...{ input: network.input, inputGradient: network.gradient(input.name) },
        ...scaling,
      }),
    );
    const asked = await command(
      createObjective(network, objective, { views, image: { x: pixels, dx: pixelGradient } }),
    );
    const values = tensor([images], { label: "ascent values" });
    const recent = tensor([RECENT, images], { label: "ascent recent values" });
    const gathered = await command(
      createAscentValues(device, { views: asked.values, at: asked.imageValues, step, values, recent }),
    );
    const draws = { numbers: numbered, seed };
    const { update } = await command(optimiser.create({ device, parameters, gradient, values, step, draws }));
    const changes: { readonly regulariser: Regulariser; readonly change: Command }[] = [];
    for (const regulariser of regularisers) {
      const { shape } = site;
      const change = await command(regulariser.create({ device, parameters, gradient, shape, step }));
      changes.push({ regulariser, change });
    }
    const next = await command(createNextStep(device, step));
    const changesAt = (at: Regulariser["at"], done: number, of: number): Command[] =>
      changes
        .filter(({ regulariser }) => regulariser.at === at && (regulariser.acts?.(done, of) ?? true))
        .map(({ change }) => change);

    return {
      ...{ network, images, image, values, recent, range: kind.range },
      recordStart(encoder: GPUCommandEncoder): void {
        steps = 0;
        encoder.clearBuffer(step.buffer);
        encoder.clearBuffer(recent.buffer);
        image.start(encoder);
      },
      recordStep(encoder: GPUCommandEncoder, of = Number.POSITIVE_INFINITY): void {
        const before = changesAt("before", steps, of);
        if (before.length > 0) recordCommands(encoder, before);
        image.draw(encoder);
        recordCommands(encoder, [forward]);
        if (asked.layers.length > 0) network.forward(encoder, { to: asked.layers });
        recordCommands(encoder, [asked.score, asked.imageScore, gathered]);
        if (asked.layers.length > 0) {
          network.backward(encoder, asked.outputGradients, { rule: ruleAt(steps) });
        } else encoder.clearBuffer(network.gradient(input.name).buffer);
        recordCommands(encoder, [backward, asked.imageGradient]);
        image.back(encoder);
        recordCommands(encoder, [update(steps), ...changesAt("after", steps, of), next]);
        steps++;
      },
      recordPixels: (encoder: GPUCommandEncoder): void => image.draw(encoder),
    };
  });
  return {
    ...made,
    get steps() {
      return steps;
    },
  };
}

/** A rule as each layer takes it: where it is not defined, the gradient. */
function whereDefined({ graph }: Network, rule: BackwardRule): BackwardRule | LayerRules {
  if (rule === "gradient") return rule;
  const layers = graph.layers.filter((layer) => {
    const activation = activationOf(layer);
    return activation && activationFacts(activation).rules;
  });
  return { default: "gradient", layers: Object.fromEntries(layers.map(({ name }) => [name, rule])) };
}

/** The affine map from 0…1 to a network's input. */
function unitScaling({ graph }: Network, channels: number) {
  const { range, mean, std } = graph.preprocessing;
  const each = (of: (c: number) => number) => Array.from({ length: channels }, (_, c) => of(c));
  return {
    scale: each((c) => 255 / range / (std[c] ?? 1)),
    offset: each((c) => -(mean[c] ?? 0) / (std[c] ?? 1)),
  };
}

function numbersOf(given: readonly number[] | undefined, images: number): Uint32Array {
  const numbers = given ?? Array.from({ length: images }, (_, n) => n);
  if (numbers.length !== images) {
    throw new InputError(
      `createAscent: expected a number for each of ${images} images, got ${numbers.length}`,
    );
  }
  const wrong = numbers.find((number) => !Number.isInteger(number) || number < 0 || number > LARGEST_U32);
  if (wrong !== undefined) {
    throw new InputError(`createAscent: expected numbers of 0 to ${LARGEST_U32}, got ${wrong}`);
  }
  return Uint32Array.from(numbers);
}
