import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Shape } from "../../src/gpu/tensor.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network, NetworkOptions } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readNpy } from "../../src/node/npy.ts";
import { testDevice } from "../gpu.ts";

/** Networks that golden values exist for, and where they are; one of them also with all layers fused that can be. */
const MODELS: [title: string, name: string, path: string, options?: NetworkOptions][] = [
  ["vitrine", "vitrine", "models/vitrine"],
  ["tinyvgg", "tinyvgg", "../shared/models/tinyvgg"],
  ["residual", "residual", "test/golden/residual"],
  ["residual, fused,", "residual", "test/golden/residual", { keep: [] }],
];

/** What a technique finds, to be held against the golden array of its name. */
export type Case = readonly [
  golden: string,
  run: (
    network: Network,
    input: Float32Array,
  ) => Promise<{ readonly data: ArrayLike<number>; readonly shape: Shape }>,
  /** Networks to leave out. */
  except?: readonly string[],
];

export interface GoldenOptions {
  /** Default: the device that all tests share. */
  readonly device?: () => Promise<GPUDevice>;
  /** Titles of the networks. Default: all. */
  readonly only?: readonly string[];
}

/** Holds techniques on a network against what PyTorch computed: within 1e-4 of the array's largest magnitude. */
export function againstPyTorch(cases: readonly Case[], options: GoldenOptions = {}): void {
  const { device = testDevice, only } = options;
  const models = MODELS.filter(([title]) => only?.includes(title) ?? true);
  describe.each(models)("%s agrees with PyTorch", (_, name, path, options) => {
    describe.skipIf(!existsSync(path))("on its picture", () => {
      let network: Network;
      let input: Float32Array;
      beforeAll(async () => {
        network = await createNetwork(await device(), await loadLayersModel(await modelFromDisk(path)), {
          batch: 8,
          ...options,
        });
        input = (await readNpy(`test/golden/${name}/input.npy`)).data;
      });
      afterAll(() => network?.destroy());

      const held = cases
        .filter(([, , except = []]) => !except.includes(name))
        .map(([golden, run]) => [golden, run] as const);
      test.each(held)("%s", async (golden, run) => {
        const expected = await readNpy(`test/golden/${name}/${golden}.npy`);
        const { data, shape } = await run(network, input);
        expect([...shape]).toEqual([...expected.shape]);
        const scale = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        expect(scale).toBeGreaterThan(0);
        const worst = expected.data.reduce(
          (most, value, index) => Math.max(most, Math.abs(value - (data[index] ?? Number.NaN))),
          0,
        );
        expect(worst / scale).toBeLessThan(1e-4);
      });
    });
  });
}
