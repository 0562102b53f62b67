import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadLayersModel } from "../../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import type { Network } from "../../../src/network/network.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { readNpy } from "../../../src/node/npy.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import { logit } from "../../../src/objectives/objective.ts";
import { createAscent } from "../../../src/optimise/ascent.ts";
import { climb } from "../../../src/optimise/climb.ts";
import { pixelImage } from "../../../src/optimise/image/pixels.ts";
import { blur } from "../../../src/optimise/regularisers/blur.ts";
import {
  clipSmallContribution,
  clipSmallNorm,
  clipSmallValue,
} from "../../../src/optimise/regularisers/clip-small.ts";
import { decay } from "../../../src/optimise/regularisers/decay.ts";
import { yosinskiSettings } from "../../../src/optimise/regularisers/yosinski.ts";
import { testDevice } from "../../gpu.ts";
import { relativeDistance } from "../../reference/numbers.ts";

/** `golden/yosinski.py` has pixels of 0…255 less 127.5, and the network takes them divided by 127.5. */
const settings = yosinskiSettings({
  range: 255,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
  source: "test",
});
const { optimiser, regularisers } = settings.blurAndNorm;
const all = [
  ...regularisers.slice(0, 1),
  decay(0.05),
  blur({ sigma: 0.7, every: 3 }),
  clipSmallValue(10),
  clipSmallNorm(20),
  clipSmallContribution(15),
];

describe("Yosinski's ascents follow PyTorch's and NumPy's", () => {
  const archive = "test/golden/residual/yosinski.npz";
  const golden = new Map(
    arraysOf(readFileSync(archive), archive).map(({ name, array }) => [name, array.data]),
  );
  let network: Network;
  let start: Float32Array;

  beforeAll(async () => {
    const graph = await loadLayersModel(await modelFromDisk("test/golden/residual"));
    network = await createNetwork(await testDevice(), graph);
    const input = await readNpy("test/golden/residual/input.npy");
    start = Float32Array.from(input.data, (value) => value / 2);
  });
  afterAll(() => network?.destroy());

  test.each(Object.entries({ ...settings, all: { optimiser, regularisers: all } }))(
    "%s",
    async (name, setting) => {
      using ascent = await createAscent(network, {
        objective: logit(1),
        image: pixelImage({ range: "input", start }),
        optimiser: setting.optimiser,
        regularisers: setting.regularisers,
      });
      for (const [steps, taken, most] of [
        [5, 5, 1e-4],
        [20, 15, 1e-3],
      ] as const) {
        const { pixels } = await climb(ascent, { steps: taken });
        const right = golden.get(`${name}/${steps}`) ?? [];
        expect(pixels.length).toBe(right.length);
        expect(relativeDistance(pixels, right)).toBeLessThan(most);
      }
    },
  );
});
