import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { inWords, passesOf } from "../../src/cli/time-estimate.ts";
import type { Measure } from "../../src/metrics/measures.ts";
import type { TrustSummaryRow } from "../../src/metrics/table.ts";
import { trust } from "../../src/metrics/trust.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { attributionNamed } from "../../src/techniques/attribution/list.ts";
import { testDevice } from "../gpu.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, name);
let model: string;

beforeAll(async () => {
  model = await writeTinyModel("tiny-trust");
  for (const [name, pace] of [
    ["e.npy", 5],
    ["f.npy", 9],
  ] as const) {
    await writeNpy(at(name), {
      shape: [12, 12, 3],
      data: Float32Array.from({ length: 432 }, (_, i) => Math.sin(i / pace) / 2 + 0.5),
    });
  }
});

const tiny = (...more: string[]) => ["--model", model, "--preprocess", "none", ...more];

interface Row {
  readonly name: string;
  readonly muFidelity?: number;
  readonly insertion?: { readonly curve: number[] };
  readonly words: string[];
}

/** Saliency's area under a deletion curve of 20 steps. */
async function coarsely(image: Float32Array): Promise<number | undefined> {
  const graph = await loadLayersModel(await modelFromDisk(model));
  const network = await createNetwork(await testDevice(), graph);
  const { deletion } = await trust(network, image, attributionNamed("saliency"), {
    ...{ measures: ["deletion"], steps: 20, randomBaselines: 0, deletionBaseline: "mean" },
  });
  network.destroy();
  return deletion?.area;
}

describe("vitrine trust", () => {
  test("prints a table, with what it means below", async () => {
    const { code, out } = await vitrine([
      "trust",
      "saliency,guided-backprop",
      "grad-cam",
      "--image",
      at("e.npy"),
      ...tiny(),
    ]);
    expect(code).toBe(0);
    const lines = out.split("\n");
    expect(lines[0]).toBe("How far each map can be trusted · tiny · e.npy · class 2");
    expect(lines[2]).toMatch(/^technique +insertion ↑ +deletion ↓ +μFidelity ↑ .* runner-up ↓$/);
    expect(lines.slice(3, 6).map((line) => line.split("  ")[0])).toEqual([
      "Saliency",
      "Guided backprop",
      "Grad-CAM",
    ]);
    expect(out).toContain("infidelity: share of the score's changes");
  });

  test("reports plain numbers as JSON, the same for the same seed", async () => {
    const args = [
      "trust",
      "saliency",
      "--image",
      at("e.npy"),
      "--measures",
      "mufidelity,insertion",
      "--target",
      "2",
    ];
    const run = (...more: string[]) =>
      json<{ model: string; target: { channel: number }; images: string[]; rows: Row[] }>([
        ...args,
        ...tiny(...more),
      ]);
    const found = await run();
    expect(found).toMatchObject({ model: "tiny", target: { channel: 2 }, images: [at("e.npy")] });
    const [row] = found.rows;
    expect(Object.keys(row ?? {}).sort()).toEqual([
      "asked",
      "insertion",
      "moved",
      "muFidelity",
      "name",
      "title",
      "verdicts",
      "words",
    ]);
    expect(row?.insertion?.curve.length).toBe(51);
    expect(await run("--random", "0")).toEqual(found);
    expect((await run("--random", "1")).rows[0]?.muFidelity).not.toBe(row?.muFidelity);
  });

  test("goes over several images, and over the data set", async () => {
    const args = ["trust", "saliency", "--measures", "muFidelity", ...tiny()];
    const two = await json<{ images: string[]; rows: TrustSummaryRow[] }>([
      ...args,
      "--image",
      at("e.npy"),
      "--image",
      at("f.npy"),
    ]);
    expect(two.images).toEqual([at("e.npy"), at("f.npy")]);
    expect(two.rows[0]?.figures.muFidelity?.count).toBe(2);
    const drawn = await json<{ images: string[]; rows: TrustSummaryRow[] }>([...args, "--dataset", "3"]);
    expect(drawn.images[0]).toBe("synthetic:1000000");
    expect(drawn.rows[0]?.figures.muFidelity?.count).toBe(3);
    const { out } = await vitrine([...args, "--dataset", "3", "--markdown"]);
    expect(out.split("\n")[0]).toBe("| technique | μFidelity ↑ |");
    expect(out.split("\n")[2]).toMatch(/^\| Saliency \| -?\d\.\d+ ± \d\.\d+ \|$/);
  });

  test("over several images takes fewer steps, and says whose turn it is", async () => {
    const turns = new Set<string>();
    const args = ["trust", "saliency,rise", "--measures", "deletion", "--samples", "4", "--json", ...tiny()];
    const images = ["--image", at("e.npy"), "--image", at("f.npy")];
    const out: string[] = [];
    const code = await main([...args, ...images], {
      out: (line) => out.push(line),
      err: () => {},
      progress: (line) => line && turns.add(line.replace(/ \d+ %$/, "")),
      device: testDevice,
      signal: new AbortController().signal,
    });
    expect(code).toBe(0);
    expect([...turns].filter((line) => line.startsWith("image"))).toEqual([
      "image 1 of 2, 1 of 2, saliency, in all",
      "image 1 of 2, 2 of 2, rise, in all",
      "image 2 of 2, 1 of 2, saliency, in all",
      "image 2 of 2, 2 of 2, rise, in all",
    ]);
    const { rows } = JSON.parse(out.join("\n")) as { rows: TrustSummaryRow[] };
    const coarse = [];
    for (const image of [at("e.npy"), at("f.npy")]) {
      const data = new Float32Array((await readNpy(image)).data);
      coarse.push(await coarsely(data));
    }
    expect(rows[0]?.figures.deletion?.mean).toBeCloseTo(((coarse[0] ?? 0) + (coarse[1] ?? 0)) / 2, 6);
  });

  test("tells techniques their options, and takes the quick ones where none is named", async () => {
    const args = ["--image", at("e.npy"), "--measures", "muFidelity", ...tiny()];
    const [few, many] = [
      await json<{ rows: Row[] }>(["trust", "rise", "--samples", "20", ...args]),
      await json<{ rows: Row[] }>(["trust", "rise", "--samples", "60", ...args]),
    ];
    expect(few.rows[0]?.muFidelity).not.toBe(many.rows[0]?.muFidelity);
    const names = (
      await json<{ rows: Row[] }>(["trust", "--samples", "4", "--steps", "4", ...args])
    ).rows.map(({ name }) => name);
    expect(names).toContain("smoothgrad");
    expect(names).toContain("grad-cam");
    expect(names).not.toContain("rise");
  });

  test.each<[string[], RegExp]>([
    [["salience", "--image", "synthetic:1"], /expects a technique.*did you mean saliency/],
    [["saliency", "--all", "--image", "synthetic:1"], /names of techniques or --all, got both/],
    [["saliency"], /expected --image FILE, got none/],
    [["saliency", "--image", "synthetic:1", "--dataset", "3"], /--image or --dataset, got both/],
    [["saliency", "--dataset", "1"], /--dataset expects a whole number of 2 to/],
    [["saliency", "--image", "synthetic:1", "--measures", "none"], /measures to take, got none/],
    [["saliency", "--image", "synthetic:1", "--measures", "deletoin"], /did you mean deletion/],
    [["saliency", "--image", "synthetic:1", "--json", "--markdown"], /--json or --markdown, got both/],
    [["saliency", "--image", "synthetic:1", "--memory", "0"], /--memory expects a whole number of 1 to/],
    [["saliency", "--image", "synthetic:1", "--memory", "2GB"], /--memory expects.*got "2GB"/],
    [
      ["saliency", "--image", "synthetic:1", "--memory", "3"],
      /--memory 3 MiB is too little: network "vitrine"/,
    ],
    [["saliency", "--image", "synthetic:1", "--layer", "conv9"], /expected a layer's name.*got "conv9"/],
    [["saliency", "--image", "synthetic:1", "--target", "walrus"], /walrus/],
  ])("%j is refused", async (args, message) => {
    const { code, out, err } = await vitrine(["trust", ...args]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(message);
  });
});

describe("what is dear", () => {
  test("is measured with fewer samples, and not ten times over, unless that is asked for", async () => {
    const args = ["trust", "saliency,rise", "--image", at("e.npy"), ...tiny("--batch", "16")];
    interface Table {
      readonly notes: string[];
      readonly rows: { readonly name: string; readonly sensitivity?: number }[];
    }
    const { rows, notes } = await json<Table>(args);
    expect(rows.map(({ sensitivity }) => sensitivity !== undefined)).toEqual([true, false]);
    expect(notes.join("\n")).toMatch(/RISE by 500 samples; .*\nno sensitivity of RISE/);
    const asked = await json<Table>([...args, "--measures", "sensitivity", "--samples", "8"]);
    expect(asked.rows.map(({ sensitivity }) => sensitivity !== undefined)).toEqual([true, true]);
    expect(asked.notes).toEqual([]);
  });

  test("is counted as it is measured", () => {
    const work = (name: string, measures: Measure[], samples?: number) => ({
      technique: attributionNamed(name),
      settings: samples === undefined ? {} : { samples },
      measures,
    });
    const pace = { steps: 20, randomBaselines: 2 };
    // Two curves of 21 points beside two rankings, and a map by one pass each way.
    expect(passesOf([work("saliency", ["insertion", "deletion"])], pace)).toBe(2 * 21 * 3 + 2);
    // Its map and those of two other classes come from one sweep, that of the randomised network from another.
    expect(passesOf([work("rise", ["modelRandomisation", "randomLogit", "runnerUp"], 500)], pace)).toBe(1000);
    expect(passesOf([work("rise", ["sensitivity"], 500)], pace)).toBe(5500);
    // What no map decides is scored once for both.
    const both = [work("saliency", ["muFidelity"]), work("grad-cam", ["muFidelity"])];
    expect(passesOf(both, pace)).toBe(200 + 4);
    expect(inWords(42.4)).toBe("42 s");
    expect(inWords(600)).toBe("10 minutes");
  });
});
