import { describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import { errorCurves } from "../../src/lab/error-curves.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetworks } from "../../src/network/pool.ts";
import { testDevice } from "../gpu.ts";
import { HAVE_SHARED, readCifar, realModel } from "../models/golden.ts";

const COUNT = 200;

// The folder of real networks lies beside the project, where there is one.
describe.skipIf(!HAVE_SHARED)("a ResNet-20 trained on CIFAR-10", () => {
  test("errs under corruption as often as in PyTorch", async () => {
    const networks = createNetworks(
      await testDevice(),
      await loadLayersModel(await realModel("cifar10_resnet20")),
    );
    const { images, labels } = await readCifar();
    const pictures = images.slice(0, COUNT).map((pixels, i) => ({ pixels, label: String(labels[i]) }));
    const { clean, curves } = await errorCurves(networks, arraySource(pictures), {
      ...{ kinds: ["brightness", "contrast", "pixelate"], severities: [1, 5], set: "cifar" },
    });
    networks.destroy();
    // Printed by test/golden/cifar-errors.py. A value on the border of 8 bits may change an answer.
    const right = [18, 17, 29, 16, 144, 27, 120];
    const found = [clean, ...curves.flatMap(({ errors }) => errors)].map((error) => error * COUNT);
    for (const [i, errors] of found.entries()) expect(Math.abs(errors - (right[i] ?? 0))).toBeLessThan(1.5);
    expect(found[0]).toBeCloseTo(18, 9);
  });
});
