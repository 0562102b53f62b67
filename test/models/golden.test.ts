import { describe, expect, test } from "vitest";
import { shapesOf } from "../../src/graph/graph.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { testDevice } from "../gpu.ts";
import {
  differences,
  differencesFrom,
  goldenOf,
  HAVE_SHARED,
  IMAGENET_MODELS,
  outputs,
  REAL_MODELS,
  readCifar,
  readPhotograph,
  realModel,
  realNetwork,
} from "./golden.ts";
import { tfjsModel } from "./referee.ts";

describe.skipIf(!HAVE_SHARED).each(Object.keys(REAL_MODELS))("%s", (name) => {
  test("has tfjs's shapes at every layer", async () => {
    const files = await realModel(name);
    const graph = await loadLayersModel(files);
    const model = await tfjsModel(files);
    const shapes = shapesOf(graph);
    const compared = model.layers.filter((layer) => layer.getClassName() !== "InputLayer");
    for (const layer of compared) {
      const shape = [1, ...(layer.outputShape as number[]).slice(1)];
      expect([layer.name, shapes.get(layer.name)]).toEqual([layer.name, shape]);
    }
    expect(compared.length).toBeGreaterThan(10);
    model.dispose();
  });
});

// All photographs and all of CIFAR: `npm run verify:models`.
describe.skipIf(!HAVE_SHARED)("a sample of real images", () => {
  test.each(IMAGENET_MODELS)("%s gives tfjs's five strongest classes", async (name) => {
    const sample = goldenOf(name).filter((_, i) => i === 0 || i === 112);
    using network = await realNetwork(await testDevice(), name);
    for (const golden of sample) {
      const [y] = await outputs(network, [await readPhotograph(golden)]);
      expect(differences(y ?? new Float32Array(), golden)).toEqual([]);
    }
  });

  test("cifar10_resnet20 gives tfjs's predictions", async () => {
    const { images, golden } = await readCifar();
    using network = await realNetwork(await testDevice(), "cifar10_resnet20", 4);
    // The rows that tfjs is least sure of are the easiest to get wrong.
    const rows = [...golden.keys()]
      .sort((a, b) => (golden[a]?.[1] ?? 0) - (golden[b]?.[1] ?? 0))
      .filter((_, i) => i % 250 === 3);
    const pictures = rows.flatMap((row) => images[row] ?? []);
    const found = await outputs(network, pictures);
    expect(found.length).toBe(4);
    expect(found.flatMap((y, i) => differencesFrom(y, golden[rows[i] ?? 0] ?? [0, 0], rows[i] ?? 0))).toEqual(
      [],
    );
  });
});
