import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Measure, TrustOptions } from "../../src/metrics/measures.ts";
import { createRandomisedNetwork } from "../../src/metrics/randomise.ts";
import { trust } from "../../src/metrics/trust.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network, Target } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readNpy } from "../../src/node/npy.ts";
import { attributionNamed } from "../../src/techniques/attribution/list.ts";
import type { Attribution } from "../../src/techniques/attribution/technique.ts";
import { ask } from "../../src/techniques/question.ts";
import { testDevice } from "../gpu.ts";

// golden/trust.py says how the values were made: the same maps, rankings, subsets, noise and shuffled weights on both sides.

const MODELS: [name: string, path: string][] = [
  ["vitrine", "models/vitrine"],
  ["tinyvgg", "../shared/models/tinyvgg"],
  ["residual", "test/golden/residual"],
];

const OPTIONS: TrustOptions = {
  seed: 5,
  steps: 20,
  randomBaselines: 3,
  subsets: 40,
  noiseSamples: 10,
  perturbations: 6,
  deletionBaseline: 0,
};

describe.each(MODELS)("%s agrees with PyTorch", (name, path) => {
  describe.skipIf(!existsSync(path))("on its picture", () => {
    let network: Network;
    let input: Float32Array;
    let target: Target;
    let maps: Record<"saliency" | "gradient-input", Attribution>;

    const golden = async (array: string) => (await readNpy(`test/golden/${name}/${array}.npy`)).data;
    const measured = (technique: keyof typeof maps, measures: readonly Measure[], more: TrustOptions = {}) =>
      trust(network, input, attributionNamed(technique), {
        ...OPTIONS,
        measures,
        explanation: maps[technique],
        ...more,
      });
    /** Each value within a share of itself, or of `scale`. */
    const agree = (found: readonly (number | undefined)[], expected: Float32Array, scale = 0): void => {
      expect(found.length).toBe(expected.length);
      for (const [i, value] of expected.entries()) {
        const error = Math.abs((found[i] ?? Number.NaN) - value) / Math.max(Math.abs(value), scale);
        expect(error, `value ${i}: ${found[i]} for ${value}`).toBeLessThan(1e-4);
      }
    };

    beforeAll(async () => {
      network = await createNetwork(await testDevice(), await loadLayersModel(await modelFromDisk(path)), {
        batch: 8,
      });
      input = await golden("input");
      target = (await ask(network, input, {})).target as Target;
      const { shape } = await readNpy(`test/golden/${name}/input.npy`);
      maps = {
        saliency: { data: await golden("saliency"), shape, target },
        "gradient-input": { data: await golden("gradient-input"), shape, target },
      };
    });
    afterAll(() => network?.destroy());

    test("insertion and deletion", async () => {
      const { insertion, deletion } = await measured("saliency", ["insertion", "deletion"]);
      agree([...(insertion?.curve ?? []), ...(deletion?.curve ?? [])], await golden("trust-curves"), 1);
      agree(
        [insertion, deletion].flatMap((curve) => [curve?.area, ...(curve?.randomBaselines ?? [])]),
        await golden("trust-areas"),
        1,
      );
    });

    test("μFidelity", async () => {
      const [saliency, shares] = [
        await measured("saliency", ["muFidelity"]),
        await measured("gradient-input", ["muFidelity"]),
      ];
      agree([saliency.muFidelity, shares.muFidelity], await golden("trust-mu-fidelity"), 1);
    });

    test("infidelity, by noise and by cells", async () => {
      const found = [
        await measured("saliency", ["infidelity"]),
        await measured("gradient-input", ["infidelity"]),
      ];
      expect(found.map(({ infidelity }) => infidelity?.by)).toEqual(["noise", "cells"]);
      agree(
        found.flatMap(({ infidelity }) => [infidelity?.value, infidelity?.relative, infidelity?.scale]),
        await golden("trust-infidelity"),
      );
    });

    test("sensitivity", async () => {
      const { sensitivity } = await measured("saliency", ["sensitivity"]);
      agree([sensitivity], await golden("trust-sensitivity"));
    });

    test("likeness to the maps of shuffled weights, a random class and the runner-up", async () => {
      const randomised = await createRandomisedNetwork(network, { seed: 5 });
      const found = await measured("saliency", ["modelRandomisation", "randomLogit", "runnerUp"], {
        randomisedNetwork: randomised,
      });
      randomised.destroy();
      const likenesses = [found.modelRandomisation, found.randomLogit, found.runnerUp];
      agree(
        likenesses.flatMap((likeness) => [likeness?.correlation, likeness?.signed]),
        await golden("trust-likeness"),
        1,
      );
    });
  });
});
