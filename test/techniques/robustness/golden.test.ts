import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
    const expected = golden.get(key) ?? new Float32Array();
    expect(relative(rowsOf(found.pixels, picture.width, expected), expected)).toBeLessThan(within);
    const from = rowsOf(x0, picture.width, expected);
    const change = rowsOf(found.pixels, picture.width, expected).map((value, i) => value - (from[i] ?? 0));
    expect(
      relative(
        change,
        expected.map((value, i) => value - (from[i] ?? 0)),
      ),
    ).toBeLessThan(20 * within);
    if (key === "deepfool") expect(found.steps).toEqual([...(golden.get("deepfool-steps") ?? [])]);
  });
});

/** What an attack finds before it is rounded to 8 bits. */
async function unrounded(
  networks: Networks,
  input: Float32Array,
  options: AttackOptions,
  technique: AttackTechnique,
): Promise<Found> {
  let kept: Found | undefined;
  await attackPictures(networks, [input], options, {
    ...technique,
    async find(site, own) {
      kept = await technique.find(site, own);
      return kept;
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
