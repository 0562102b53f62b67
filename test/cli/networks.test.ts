import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { CommandNetworks, needsOf } from "../../src/cli/networks.ts";
import { parseArguments } from "../../src/cli/options.ts";
import { Values } from "../../src/cli/values.ts";
import { memoryOf } from "../../src/network/memory.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { attributionNamed } from "../../src/techniques/attribution/list.ts";
import { testDevice } from "../gpu.ts";
import { chain } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, name);
let device: GPUDevice;
let model: string;

beforeAll(async () => {
  device = await testDevice();
  model = await writeTinyModel("tiny-networks");
  const data = Float32Array.from({ length: 432 }, (_, i) => Math.sin(i / 5) / 2 + 0.5);
  await writeNpy(at("n.npy"), { shape: [12, 12, 3], data });
});

const tiny = (...more: string[]) => [at("n.npy"), "--model", model, "--preprocess", "none", ...more];

async function networksOf(names: string[], measures: "modelRandomisation"[] | undefined, ...args: string[]) {
  const techniques = names.map(attributionNamed);
  const needs = needsOf(techniques, [], measures && { measures });
  const networks = new CommandNetworks(device, chain(), needs, new Values(parseArguments(args)));
  const made = await Promise.all(techniques.map((technique) => networks.of(technique)));
  return { networks, made };
}

describe("a command's networks", () => {
  test("are one of a single image and one of a batch, each made once and with no more than it needs", async () => {
    const { networks, made } = await networksOf(["saliency", "rise", "grad-cam", "lime"], undefined);
    const [saliency, rise] = made;
    expect(made).toEqual([saliency, rise, saliency, rise]);
    expect([saliency?.batch, saliency?.hasGradients]).toEqual([1, true]);
    expect([rise?.batch, rise?.hasGradients]).toEqual([16, false]);
    expect(rise?.kept).toBeDefined();
    expect(await networks.first()).toBe(saliency);
    networks.destroy();
  });

  test.each<[string, { gradients: boolean; reuseBuffers: boolean }]>([
    ["smoothgrad", { gradients: true, reuseBuffers: false }],
    ["occlusion", { gradients: false, reuseBuffers: false }],
    ["score-cam", { gradients: false, reuseBuffers: true }],
  ])("for %s alone are one: %j", async (name, { gradients, reuseBuffers }) => {
    const { networks, made } = await networksOf([name], ["modelRandomisation"]);
    const [network] = made;
    if (!network) throw new Error("expected a network");
    expect(await networks.first()).toBe(network);
    expect([network.hasGradients, network.kept !== undefined]).toEqual([gradients, reuseBuffers]);
    const randomised = await networks.randomised(network);
    expect(await networks.randomised(network)).toBe(randomised);
    expect(memoryOf(randomised)).toBe(memoryOf(network));
    expect(networks.memoryFor(network)).toEqual({});
    networks.destroy();
  });

  test("take the batch that they are given", async () => {
    const { networks, made } = await networksOf(["saliency", "rise"], [], "--batch", "3");
    expect(made.map(({ batch }) => batch)).toEqual([1, 3]);
    networks.destroy();
  });
});

describe("--memory", () => {
  test("is kept by all networks and techniques together, and changes no map", async () => {
    const measures = ["--samples", "20", "--measures", "modelRandomisation"];
    const args = ["explain", "saliency,smoothgrad,rise", "--image", "synthetic:4", ...measures];
    interface Sheet {
      readonly results: readonly { readonly technique: string; readonly max: number }[];
    }
    const { result: wide, peak: free } = await liveBytes(device, () => json<Sheet>(args));
    expect(free).toBeGreaterThan(36 * 2 ** 20);
    const { result: narrow, peak } = await liveBytes(device, () => json<Sheet>([...args, "--memory", "36"]));
    expect(narrow.results.map(({ technique }) => technique)).toEqual(
      wide.results.map(({ technique }) => technique),
    );
    for (const [i, { max }] of wide.results.entries()) expect(narrow.results[i]?.max).toBeCloseTo(max, 5);
    expect(peak).toBeLessThanOrEqual(36 * 2 ** 20);
  });

  test("that no network keeps to is refused with the figures", async () => {
    for (const args of [["saliency"], ["rise"], ["--all"], ["saliency", "--trust"]]) {
      const image = ["--image", "synthetic:1", "--memory", "1"];
      const { code, out, err } = await vitrine(["explain", ...args, ...image]);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toMatch(
        /^vitrine: --memory 1 MiB is too little: network "vitrine": expected to keep within/,
      );
    }
  });
});

describe("integrated gradients", () => {
  interface Path {
    readonly steps: number;
    readonly sum: number;
    readonly difference: number;
    readonly residual: number;
    readonly relative: number;
  }

  test("take as many steps as a hundredth needs, or as many as they are told, and report both", async () => {
    const path = (...more: string[]) => json<Path>(["explain", "integrated-gradients", ...tiny(...more)]);
    const free = await path();
    expect([free.steps % 50, free.relative <= 0.01 || free.steps === 800]).toEqual([0, true]);
    expect(free.residual).toBeCloseTo(free.sum - free.difference, 6);
    const told = await path("--steps", "3");
    expect(told.steps).toBe(3);
    const out = at("path.npy");
    await path("--steps", String(free.steps), "--out", out);
    const { data } = await readNpy(out);
    expect(data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(free.sum, 4);
  });

  test("on a sheet begin with fewer", async () => {
    const sheet = await json<{ results: Path[] }>(["explain", "integrated-gradients,saliency", ...tiny()]);
    const { steps = 0, relative = 1 } = sheet.results[0] ?? {};
    expect([steps % 20, relative <= 0.01 || steps === 320]).toEqual([0, true]);
    const told = ["explain", "integrated-gradients,saliency", ...tiny("--steps", "7")];
    expect((await json<{ results: Path[] }>(told)).results[0]?.steps).toBe(7);
  });
});
