import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadLayersModel } from "../../src/models/layers-model.ts";
import { createNetwork, type Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readNpy } from "../../src/node/npy.ts";
import { activations } from "../../src/techniques/activations.ts";
import { deconvnet } from "../../src/techniques/deconvnet.ts";
import type { Explanation } from "../../src/techniques/explain.ts";
import { gradCam } from "../../src/techniques/grad-cam.ts";
import { guidedBackprop } from "../../src/techniques/guided-backprop.ts";
import { occlusion } from "../../src/techniques/occlusion.ts";
import { saliency } from "../../src/techniques/saliency.ts";
import { testDevice } from "../gpu.ts";

// Against PyTorch: golden/techniques.py says how the values were made, golden/README.md with which commands.

const MODELS: [name: string, path: string][] = [
  ["vitrine", "models/vitrine"],
  ["tinyvgg", "../shared/models/tinyvgg"],
];

const OCCLUSION = { patch: 16, stride: 8, fill: 0 } as const;

const TECHNIQUES: [
  golden: string,
  run: (network: Network, input: Float32Array) => Promise<Omit<Explanation, "target">>,
][] = [
  [
    "logits",
    (network, input) => activations(network, input, { layer: network.graph.layers.at(-2)?.name ?? "" }),
  ],
  ["saliency", saliency],
  ["guided-backprop", guidedBackprop],
  ["deconvnet", deconvnet],
  ["grad-cam", gradCam],
  ["occlusion", (network, input) => occlusion(network, input, OCCLUSION)],
  [
    "occlusion-probability",
    (network, input) => occlusion(network, input, { ...OCCLUSION, on: "probability" }),
  ],
];

for (const [name, path] of MODELS) {
  describe.skipIf(!existsSync(path))(`${name} agrees with PyTorch`, () => {
    let network: Network;
    let input: Float32Array;
    beforeAll(async () => {
      network = await createNetwork(await testDevice(), await loadLayersModel(await modelFromDisk(path)), {
        batch: 8,
      });
      input = (await readNpy(`test/golden/${name}/input.npy`)).data;
    });
    afterAll(() => network?.destroy());

    test.each(TECHNIQUES)("%s", async (golden, run) => {
      const expected = await readNpy(`test/golden/${name}/${golden}.npy`);
      const { data, shape } = await run(network, input);
      expect([...shape]).toEqual([...expected.shape]);
      const scale = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(scale).toBeGreaterThan(0);
      const worst = data.reduce(
        (most, value, index) => Math.max(most, Math.abs(value - (expected.data[index] ?? 0))),
        0,
      );
      expect(worst / scale).toBeLessThan(1e-4);
    });
  });
}
