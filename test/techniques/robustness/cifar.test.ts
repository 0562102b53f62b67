import { describe, expect, test } from "vitest";
import { loadLayersModel } from "../../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { createNetworks } from "../../../src/network/pool.ts";
import { predictEach } from "../../../src/techniques/predict.ts";
import { pgd } from "../../../src/techniques/robustness/pgd.ts";
import { testDevice } from "../../gpu.ts";
import { HAVE_SHARED, readCifar, realModel } from "../../models/golden.ts";

/** A fifth of what `npm run verify:attacks` takes. */
const COUNT = 20;

// The folder of real networks lies beside the project, where there is one.
describe.skipIf(!HAVE_SHARED)("a ResNet-20 trained on CIFAR-10", () => {
  test("is right of hardly a picture after PGD within 8/255, and says so of the rounded pictures", async () => {
    const device = await testDevice();
    const graph = await loadLayersModel(await realModel("cifar10_resnet20"));
    const { images, labels } = await readCifar();
    const own = labels.slice(0, COUNT);
    const networks = createNetworks(device, graph);
    const attacks = await pgd(networks, images.slice(0, COUNT), {
      ...{ epsilon: 8, step: 2, steps: 20, label: own },
    });
    networks.destroy();
    const right = (of: (i: number) => number | undefined): number =>
      own.filter((label, i) => of(i) === label).length / COUNT;
    expect(right((i) => attacks[i]?.before.index)).toBeGreaterThan(0.85);
    expect(right((i) => attacks[i]?.after.index)).toBeLessThanOrEqual(0.05);

    const network = await createNetwork(device, graph, { batch: 20, keep: [], gradients: false });
    const seen: (number | undefined)[] = [];
    const pictures = attacks.map(({ picture }) => picture);
    for await (const [first] of predictEach(network, pictures)) seen.push(first?.index);
    network.destroy();
    expect(seen).toEqual(attacks.map(({ after }) => after.index));
    for (const [i, { picture, original, succeeded, linf }] of attacks.entries()) {
      expect(original.data).toEqual(Uint8ClampedArray.from(images[i]?.data ?? []));
      const change = Array.from(picture.data, (value, at) => Math.abs(value - (original.data[at] ?? 0)));
      expect(Math.max(...change)).toBe(linf);
      expect(linf).toBeLessThanOrEqual(8);
      expect(succeeded).toBe(seen[i] !== own[i]);
    }
  });
});
