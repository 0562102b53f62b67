import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withAveragePools } from "../../../src/graph/average-pools.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import { upTo } from "../../../src/graph/up-to.ts";
import { loadLayersModel } from "../../../src/models/keras/layers-model.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import { createAscent } from "../../../src/optimise/ascent.ts";
import { climb } from "../../../src/optimise/climb.ts";
import { lbfgs } from "../../../src/optimise/optimisers/lbfgs.ts";
import { inversionAscent } from "../../../src/techniques/synthesis/feature-inversion.ts";
import { textureAscent } from "../../../src/techniques/synthesis/gram-texture.ts";
import { weightsOf } from "../../../src/techniques/synthesis/layer-weights.ts";
import { activationsOf, gramsOf } from "../../../src/techniques/synthesis/looking.ts";
import { type NeuralStyleOptions, styleAscent } from "../../../src/techniques/synthesis/neural-style.ts";
import type { OnePictureAscent } from "../../../src/techniques/synthesis/one-picture.ts";
import { testDevice } from "../../gpu.ts";
import { relativeDistance } from "../../reference/numbers.ts";

/** Twenty steps against PyTorch's, which `golden/styles.py` took. */
describe.each([
  [
    "vitrine",
    "models/vitrine",
    { weight: 1e4, content: "conv2_2", style: ["conv1", "conv2_1"], texture: ["conv1", "pool1", "conv2_2"] },
  ],
  [
    "residual",
    "test/golden/residual",
    {
      weight: 1e3,
      content: "block2_relu2",
      style: ["stem_relu", "block1_relu2"],
      texture: ["stem_relu", "block1_relu2", "block2_relu2"],
    },
  ],
] as const)("%s follows PyTorch", (name, path, layers) => {
  const archive = `test/golden/${name}/styles.npz`;
  const golden = new Map(arraysOf(readFileSync(archive), archive).map(({ name, array }) => [name, array]));
  const of = (key: string): Float32Array => Float32Array.from(golden.get(key)?.data ?? []);
  const sizeOf = (key: string): [number, number] => golden.get(key)?.shape.slice(0, 2) as [number, number];
  const size = sizeOf("content");
  const start = of("start");
  let networks: Networks;
  let graph: Graph;

  beforeAll(async () => {
    const loaded = await loadLayersModel(await modelFromDisk(path));
    const numbers = of("preprocessing");
    const [mean, std] = [[...numbers.slice(0, 3)], [...numbers.slice(3)]];
    graph = { ...loaded, preprocessing: { range: 255, mean, std, source: "given" } };
    networks = createNetworks(await testDevice(), graph);
  });
  afterAll(() => networks?.destroy());

  const look = (cut: Graph, key: string, layers: readonly string[]) => ({
    ...{ graph: upTo(cut, layers), size: sizeOf(key), input: of(key), layers },
  });

  async function expectSteps(
    key: string,
    cut: Graph,
    ascents: Pick<OnePictureAscent, "objective" | "image" | "optimiser">,
  ): Promise<void> {
    const { objective, image, optimiser } = ascents;
    const keep = cut.outputs ?? [cut.output];
    const network = await networks.temporary({ graph: cut, size, keep });
    try {
      using ascent = await createAscent(network, { objective, image, optimiser });
      const first = await climb(ascent, { steps: 5 });
      expect(relativeDistance(first.pixels, of(`${key}/5`))).toBeLessThan(1e-4);
      const rest = await climb(ascent, { steps: 15 });
      expect(relativeDistance(rest.pixels, of(`${key}/20`))).toBeLessThan(1e-3);
      const curve = [...(first.curves[0] ?? []), ...(rest.curves[0] ?? [])];
      expect(relativeDistance(curve, of(`${key}/curve`))).toBeLessThan(1e-4);
    } finally {
      network.destroy();
    }
  }

  test("an inversion by Mahendran's schedule, shortened", async () => {
    const layer = layers.content;
    const cut = upTo(graph, [layer]);
    const found = await activationsOf(networks, look(graph, "content", [layer]));
    const features = found.get(layer)?.data ?? new Float32Array();
    await expectSteps(
      "inversion",
      cut,
      inversionAscent({ graph, size, layer, features }, { steps: 20, start }),
    );
  });

  test("a texture by Gatys' loss and L-BFGS, with average pools", async () => {
    const smooth = withAveragePools(graph);
    const weights = weightsOf("test", "layers", smooth, layers.texture);
    const grams = await gramsOf(networks, look(smooth, "style", layers.texture), "pixels");
    const cut = upTo(smooth, layers.texture);
    // The published one has a line search, PyTorch's none.
    const ascent = {
      ...textureAscent({ graph: cut, grams, weights }, { steps: 20, start }),
      optimiser: lbfgs(),
    };
    await expectSteps("texture", cut, ascent);
  });

  test.each([
    ["style", {}],
    ["adam", { optimiser: "adam", rate: 2 }],
  ] as [string, Partial<NeuralStyleOptions>][])("%s by jcjohnson's loss", async (key, options) => {
    const cut = upTo(graph, [layers.content, ...layers.style]);
    const site = {
      graph: cut,
      features: await activationsOf(networks, look(graph, "content", [layers.content])),
      contentWeights: weightsOf("test", "content", graph, layers.content),
      grams: await gramsOf(networks, look(graph, "style", layers.style), "elements"),
      styleWeights: weightsOf("test", "style", graph, layers.style),
    };
    await expectSteps(
      key,
      cut,
      styleAscent(site, {
        ...{ contentWeight: 5 * layers.weight, styleWeight: 100 * layers.weight, variation: 1e-5 },
        ...{ ...options, steps: 20, init: start },
      }),
    );
  });
});
