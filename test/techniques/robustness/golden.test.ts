import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTensors } from "../../../src/gpu/tensor.ts";
import { deprocess } from "../../../src/images/preprocess.ts";
import { hash32 } from "../../../src/kernels/masking.ts";
import { loadLayersModel } from "../../../src/models/keras/layers-model.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { readNpy } from "../../../src/node/npy.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import { APGD } from "../../../src/techniques/robustness/apgd.ts";
import type { AttackTechnique, Found } from "../../../src/techniques/robustness/attack.ts";
import { attackPictures } from "../../../src/techniques/robustness/attack-pictures.ts";
import { CARLINI_WAGNER } from "../../../src/techniques/robustness/carlini-wagner.ts";
import { DEEP_FOOL } from "../../../src/techniques/robustness/deep-fool.ts";
import { FGSM } from "../../../src/techniques/robustness/fgsm.ts";
import type { AttackOptions } from "../../../src/techniques/robustness/options.ts";
import { PGD } from "../../../src/techniques/robustness/pgd.ts";
import { L_BFGS } from "../../../src/techniques/robustness/szegedy.ts";
import { testDevice } from "../../gpu.ts";

const MODELS = [
  ["vitrine", "models/vitrine", 1],
  ["residual", "test/golden/residual", 6],
] as const;

/** Attacks that PyTorch made, how much of the image they may be off, and how much of the change. */
const CASES: readonly [golden: string, technique: AttackTechnique, options: AttackOptions, within: number][] =
  [
    ["fgsm", FGSM, {}, 1e-4],
    ["fgsm-l2", FGSM, { norm: "l2" }, 1e-4],
    ["pgd-1", PGD, { steps: 1 }, 1e-4],
    ["pgd-5", PGD, { steps: 5 }, 1e-4],
    ["pgd-20", PGD, { step: 2, steps: 20, start: [] }, 1e-3],
    ["pgd-l2", PGD, { norm: "l2", steps: 5, start: "picture" }, 1e-4],
    ["pgd-target", PGD, { steps: 5, target: -1 }, 1e-4],
    ["apgd", APGD, { steps: 30 }, 1e-3],
    ["apgd-l2", APGD, { norm: "l2", steps: 30, start: "picture" }, 1e-3],
    ["deepfool", DEEP_FOOL, {}, 1e-4],
    ["cw", CARLINI_WAGNER, { steps: 20, searches: 2, constant: 1 }, 1e-3],
  ];

describe.each(MODELS)("%s: attacks agree with PyTorch", (name, path, runnerUp) => {
  let networks: Networks;
  let input: Float32Array;
  let golden: Map<string, Float32Array>;
  beforeAll(async () => {
    const graph = await loadLayersModel(await modelFromDisk(path));
    networks = createNetworks(await testDevice(), graph);
    input = (await readNpy(`test/golden/${name}/input.npy`)).data as Float32Array;
    const file = await readFile(`test/golden/${name}/attacks.npz`);
    golden = new Map(arraysOf(file, name).map(({ name, array }) => [name, array.data as Float32Array]));
  });
  afterAll(() => networks.destroy());

  test.each(CASES)("%s", async (key, technique, { start, target, ...options }, within) => {
    const picture = deprocess(input, networks.graph);
    const x0 = Float32Array.from(picture.data, (value) => value / 255);
    const [seed = 0] = golden.get("seed") ?? [];
    const given = {
      ...("start" in technique.options ? { seed } : {}),
      ...options,
      ...(target === undefined ? {} : { target: runnerUp }),
      ...(start === undefined ? {} : { start: Array.isArray(start) ? [near(x0, 8 / 255, seed)] : start }),
    };
    const found = await unrounded(networks, input, given, technique);
    agree(found.pixels, x0, golden.get(key), picture.width, within);
    if (key === "deepfool") expect(found.steps).toEqual([...(golden.get("deepfool-steps") ?? [])]);
  });

  test.each([
    [5, 1e-4],
    [20, 1e-3],
  ])("lbfgs-%i: the point that is reached", async (updates, within) => {
    const { data, width } = deprocess(input, networks.graph);
    // A step draws the picture and then moves: the last move is not drawn.
    const options = { steps: updates + 1, searches: 1, constant: 0.5, target: runnerUp };
    const { last, objective } = await unrounded(networks, input, options, L_BFGS);
    const x0 = Float32Array.from(data, (value) => value / 255);
    agree(last, x0, golden.get(`lbfgs-${updates}`), width, within);
    if (updates === 20) {
      const expected = golden.get("losses")?.[2] ?? 0;
      const distance = last.reduce((sum, value, i) => sum + (value - (x0[i] ?? 0)) ** 2, 0);
      expect(Math.abs(0.5 * objective - distance - expected)).toBeLessThan(1e-4 * Math.abs(expected));
    }
  });
});

/** Holds what was found, and how far it lies from where it began, against what PyTorch found. */
function agree(
  pixels: Float32Array,
  x0: Float32Array,
  expected: Float32Array = new Float32Array(),
  width: number,
  within: number,
): void {
  const [found, from] = [rowsOf(pixels, width, expected), rowsOf(x0, width, expected)];

  expect(relative(found, expected)).toBeLessThan(within);
  const moved = (to: Float32Array) => to.map((value, i) => value - (from[i] ?? 0));
  expect(relative(moved(found), moved(expected))).toBeLessThan(20 * within);
}

/** What an attack finds before it is rounded to 8 bits, the picture that it drew last, and the loss of that. */
async function unrounded(
  networks: Networks,
  input: Float32Array,
  options: AttackOptions,
  technique: AttackTechnique,
): Promise<Found & { readonly last: Float32Array; readonly objective: number }> {
  let kept: (Found & { last: Float32Array; objective: number }) | undefined;
  await attackPictures(networks, [input], options, {
    ...technique,
    async find(site, own) {
      const found = await technique.find(site, own);
      const [last, losses] = await readTensors(site.network.device, [site.x, site.losses]);
      kept = { ...found, last: last as Float32Array, objective: losses?.[0] ?? Number.NaN };
      return found;
    },
  });
  if (!kept) throw new Error("the attack did not run");
  return kept;
}

/** A place near a picture, as attacks.py draws it. */
function near(x0: Float32Array, epsilon: number, seed: number): Float32Array {
  const key = hash32(0 ^ hash32(seed));
  return x0.map((value, i) => {
    const u = (2 * (hash32(hash32(i) ^ key) >>> 8) + 1 - 2 ** 24) / 2 ** 24;
    return Math.min(1, Math.max(0, value + epsilon * u));
  });
}

/** The rows of a picture that attacks.py keeps. */
function rowsOf(pixels: Float32Array, width: number, { length }: Float32Array): Float32Array {
  const every = Math.round(pixels.length / length);
  return pixels.filter((_, i) => Math.floor(i / (3 * width)) % every === 0);
}

function relative(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  const norm = (of: (i: number) => number) => Math.sqrt(expected.reduce((sum, _, i) => sum + of(i) ** 2, 0));
  return norm((i) => (found[i] ?? 0) - (expected[i] ?? 0)) / norm((i) => expected[i] ?? 0);
}
