import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asNhwc } from "../../src/gpu/tensor.ts";
import { type Graph, inputOf, shapesOf } from "../../src/graph/graph.ts";
import { resized } from "../../src/graph/resize.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readNpy } from "../../src/node/npy.ts";
import { arraysOf } from "../../src/node/npz.ts";
import {
  alphaNorm,
  channelMean,
  logit,
  meanSquare,
  neuronObjective,
  type Objective,
  totalVariation,
} from "../../src/objectives/objective.ts";
import { createAscent } from "../../src/optimise/ascent.ts";
import { climb } from "../../src/optimise/climb.ts";
import { pixelImage } from "../../src/optimise/image/pixels.ts";
import { adam, nadam } from "../../src/optimise/optimisers/adam.ts";
import { gradientAscent, normalisedGradient } from "../../src/optimise/optimisers/gradient-ascent.ts";
import { lbfgs } from "../../src/optimise/optimisers/lbfgs.ts";
import { momentum } from "../../src/optimise/optimisers/momentum.ts";
import type { Optimiser } from "../../src/optimise/optimisers/optimiser.ts";
import { testDevice } from "../gpu.ts";
import { relativeDistance } from "../reference/numbers.ts";

const CLASS = logit(1);

/** What `golden/ascents.py` did: the optimiser and the objective of each case. */
const CASES: readonly (readonly [
  name: string,
  optimiser: Optimiser,
  objective: (layer: string, at: readonly [number, number, number]) => Objective,
])[] = [
  ["gradient", gradientAscent({ rate: 2 }), () => CLASS],
  ["normalised", normalisedGradient({ rate: 0.02 }), () => CLASS],
  [
    "momentum",
    momentum({
      rate: [
        { steps: 8, rate: 2 },
        { steps: 12, rate: 0.2 },
      ],
    }),
    () => CLASS,
  ],
  ["nadam", nadam({ rate: 0.05 }), () => CLASS],
  ["adam", adam({ rate: 0.05 }), () => CLASS],
  ["lbfgs", lbfgs({ history: 10, rate: 0.5 }), () => CLASS],
  ["channel", adam({ rate: 0.05 }), (layer) => channelMean(layer, 2)],
  ["neuron", adam({ rate: 0.05 }), (layer, [y, x, c]) => neuronObjective(layer, y, x, c)],
  ["layer", adam({ rate: 0.05 }), (layer) => meanSquare(layer)],
  ["decay", adam({ rate: 0.05 }), () => CLASS.minus(alphaNorm({ alpha: 2 }).times(0.01))],
  ["variation", adam({ rate: 0.05 }), () => CLASS.minus(totalVariation({ beta: 2 }).times(0.05))],
];

/** The last layer with more than one pixel. */
function lastMaps(graph: Graph): string {
  const shapes = shapesOf(graph);
  const maps = graph.layers.filter(({ name }) => {
    const [, h, w] = asNhwc(shapes.get(name) ?? []);
    return h * w > 1;
  });
  return maps.at(-1)?.name ?? "";
}

describe.each([
  ["vitrine", "models/vitrine", [28, 23]],
  ["residual", "test/golden/residual", undefined],
] as const)("an ascent of %s follows PyTorch's", (name, path, size) => {
  const archive = `test/golden/${name}/ascents.npz`;
  const golden = new Map(
    arraysOf(readFileSync(archive), archive).map(({ name, array }) => [name, array.data]),
  );
  const of = (key: string): ArrayLike<number> => golden.get(key) ?? [];
  let network: Network;
  let start: Float32Array;

  beforeAll(async () => {
    const whole = await loadLayersModel(await modelFromDisk(path));
    const graph = size ? resized(whole, size) : whole;
    network = await createNetwork(await testDevice(), graph);
    const input = await readNpy(`test/golden/${name}/input.npy`);
    const [, width = 1, channels = 1] = input.shape;
    const [h = 1, w = 1] = inputOf(graph).shape;
    start = Float32Array.from({ length: h * w * channels }, (_, i) => {
      const [row, column] = [Math.floor(i / (w * channels)), Math.floor(i / channels) % w];
      return (input.data[(row * width + column) * channels + (i % channels)] ?? 0) / 2;
    });
  });
  afterAll(() => network?.destroy());

  test.each(CASES)("%s", async (key, optimiser, objective) => {
    const [y = 0, x = 0, c = 0] = Array.from(of("neuron/at"));
    using ascent = await createAscent(network, {
      objective: objective(lastMaps(network.graph), [y, x, c]),
      image: pixelImage({ range: "input", start }),
      optimiser,
    });
    const first = await climb(ascent, { steps: 5 });
    expect(relativeDistance(first.pixels, of(`${key}/5`))).toBeLessThan(1e-4);
    const rest = await climb(ascent, { steps: 15 });
    expect(relativeDistance(rest.pixels, of(`${key}/20`))).toBeLessThan(1e-3);
    const curve = [...(first.curves[0] ?? []), ...(rest.curves[0] ?? [])];
    expect(relativeDistance(curve, of(`${key}/curve`))).toBeLessThan(1e-4);
  });
});
