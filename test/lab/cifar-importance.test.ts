import { describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import { filterImportance } from "../../src/lab/filter-importance.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetworks } from "../../src/network/pool.ts";
import golden from "../golden/cifar-importance.json" with { type: "json" };
import { testDevice } from "../gpu.ts";
import { HAVE_SHARED, readCifar, realModel } from "../models/golden.ts";

const COUNT = 100;

// The folder of real networks lies beside the project, where there is one.
describe.skipIf(!HAVE_SHARED)("filters of a ResNet-20 trained on CIFAR-10", () => {
  test("are as important as in PyTorch: L1, three forms of Taylor, CAR", async () => {
    const networks = createNetworks(
      await testDevice(),
      await loadLayersModel(await realModel("cifar10_resnet20")),
    );
    const { images, labels } = await readCifar();
    const pictures = images.slice(0, COUNT).map((pixels, i) => ({ pixels, label: String(labels[i]) }));
    const found = await filterImportance(networks, arraySource(pictures), { layer: golden.layer, batch: 25 });
    networks.destroy();
    expect(found.accuracy).toBeCloseTo(golden.right / COUNT, 9);
    for (const [c, right] of golden.without.entries()) {
      expect(found.car?.[c]).toBeCloseTo((golden.right - right) / COUNT, 9);
      expect(found.l1?.[c]).toBeCloseTo(golden.l1[c] ?? Number.NaN, 4);
    }
    for (const form of ["example", "element", "end"] as const) {
      for (const [c, value] of golden.taylor[form].entries()) {
        expect(Math.abs((found.taylor?.[form][c] ?? Number.NaN) - value)).toBeLessThan(1e-4);
      }
    }
  });
});
