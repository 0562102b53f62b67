import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { pearson, spearman } from "../../src/metrics/correlation.ts";
import { formatTrust } from "../../src/metrics/format.ts";
import type { Trust } from "../../src/metrics/measures.ts";
import { createRandomisedNetwork, parameterLayers, randomiseGraph } from "../../src/metrics/randomise.ts";
import { cascadingRandomisation } from "../../src/metrics/sanity.ts";
import { SharedScores } from "../../src/metrics/scores.ts";
import {
  type NamedTechnique,
  summariseTrust,
  type TrustTable,
  trustSummary,
  trustTable,
} from "../../src/metrics/table.ts";
import { trust } from "../../src/metrics/trust.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { Network, type Target } from "../../src/network/network.ts";
import { attributionNamed } from "../../src/techniques/attribution/list.ts";
import { testDevice } from "../gpu.ts";
import { branches, chain, random, values } from "../graph/graphs.ts";

let device: GPUDevice;
let network: Network;
const image = values(8 * 6 * 3, random(21));
const images = [1, 2, 3].map((seed) => values(8 * 6 * 3, random(seed)));
const saliency = attributionNamed("saliency");
const guided = attributionNamed("guided-backprop");

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, chain(), { batch: 3 });
});
afterAll(() => network.destroy());

describe("correlation", () => {
  test("is Pearson's and Spearman's, with the mean rank for equal values", () => {
    expect(pearson([1, 2, 3], [2, 4, 7])).toBeCloseTo(0.99339927, 8);
    expect(pearson([1, 2, 3], [6, 4, 2])).toBe(-1);
    expect(spearman([1, 2, 3, 4], [1, 10, 100, 1000])).toBe(1);
    expect(spearman([4, 3, 2, 1], [1, 10, 100, 1000])).toBe(-1);
    // Ranks 0, 1.5, 1.5, 3 and 0, 2, 1, 3.
    expect(spearman([1, 2, 2, 3], [1, 3, 2, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  });

  test("with what does not vary is 0, unless neither does", () => {
    expect(spearman([1, 1, 1], [1, 2, 3])).toBe(0);
    expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBe(0);
    expect(spearman([1, 1, 1], [2, 2, 2])).toBe(1);
  });
});

/** Every array of a graph, layer by layer. */
const arrays = ({ layers }: Graph): Record<string, number[]> =>
  Object.fromEntries(
    layers.flatMap((layer) =>
      Object.entries(layer).flatMap(([key, value]): [string, number[]][] => {
        const data = value instanceof Float32Array ? value : (value as { data?: unknown } | undefined)?.data;
        return data instanceof Float32Array ? [[`${layer.name} ${key}`, [...data]]] : [];
      }),
    ),
  );
const sorted = (list: readonly number[]) => list.toSorted((a, b) => a - b);

describe("randomised parameters", () => {
  test("are the same values in another order, kernels' with other signs, batch normalisation among them", () => {
    const before = arrays(branches());
    const after = arrays(randomiseGraph(branches(), { seed: 3 }));
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(Object.keys(before)).toContain("norm1 scale");
    for (const [name, data] of Object.entries(before)) {
      const found = after[name] ?? [];
      const kernel = name.endsWith(" w");
      const bare = (list: readonly number[]) => sorted(kernel ? list.map(Math.abs) : list);
      expect(bare(found)).toEqual(bare(data));
      expect(found).not.toEqual(data);
      if (kernel) expect(sorted(found)).not.toEqual(sorted(data));
    }
  });

  test("follow from the seed and the layer, and leave other layers alone", () => {
    const all = randomiseGraph(chain(), { seed: 3 });
    expect(randomiseGraph(chain(), { seed: 3 })).toEqual(all);
    expect(arrays(randomiseGraph(chain(), { seed: 4 }))).not.toEqual(arrays(all));
    const [one, before, after] = [
      arrays(randomiseGraph(chain(), { seed: 3, layers: ["conv2"] })),
      arrays(chain()),
      arrays(all),
    ];
    for (const name of Object.keys(before)) {
      expect(one[name]).toEqual((name.startsWith("conv2") ? after : before)[name]);
    }
  });

  test("are refused where there are none", () => {
    expect(parameterLayers(chain())).toEqual(["conv1", "conv2", "logits"]);
    expect(() => randomiseGraph(chain(), { layers: ["relu1"] })).toThrow(
      /layers with parameters \(conv1.*got "relu1"/,
    );
    expect(() => randomiseGraph(chain(), { seed: 0.5 })).toThrow(/seed of 0 to/);
    expect(() => randomiseGraph({ ...chain(), layers: chain().layers.slice(0, 1) })).toThrow(/found none/);
  });

  test("cascade from the top layer down to those of the sanity check", async () => {
    const options = { target: 1, seed: 5 };
    const steps = await cascadingRandomisation(network, image, saliency, options);
    expect(steps.map(({ layer }) => layer)).toEqual(["logits", "conv2", "conv1"]);
    const { modelRandomisation } = await trust(network, image, saliency, {
      ...options,
      measures: ["modelRandomisation"],
    });
    const { layer: _, ...last } = steps[2] ?? { layer: "" };
    expect(last).toEqual(modelRandomisation);
    const some = await cascadingRandomisation(network, image, saliency, { ...options, layers: ["conv2"] });
    expect(some).toEqual(steps.slice(1, 2));
    await expect(
      cascadingRandomisation(network, image, saliency, { ...options, layers: ["pool1"] }),
    ).rejects.toThrow(/got "pool1"/);
  });
});

describe("a table", () => {
  const refused: NamedTechnique = {
    name: "never",
    title: "Never",
    run: async () => {
      throw new UnsupportedError("never: expected another network");
    },
  };
  const quick = {
    target: 2,
    measures: ["muFidelity", "modelRandomisation", "runnerUp"],
    subsets: 20,
  } as const;

  test("holds what each technique gets alone, by one randomised network, and says what is not supported", async () => {
    const seen = new Set<Network>();
    const watched: NamedTechnique = {
      ...saliency,
      run: (on, ...rest) => {
        seen.add(on);
        return saliency.run(on, ...rest);
      },
    };
    const fractions: number[] = [];
    const table = await trustTable(network, image, [watched, refused, { ...watched, name: "again" }], {
      ...quick,
      onProgress: (fraction) => fractions.push(fraction),
    });
    expect(seen.size).toBe(2);
    expect(fractions.at(-1)).toBe(1);
    const alone = await trust(network, image, saliency, quick);
    expect(table.rows.map(({ name }) => name)).toEqual(["saliency", "never", "again"]);
    expect(table.rows[0]?.trust).toEqual(alone);
    expect(table.rows[2]?.trust).toEqual(alone);
    expect(table.rows[1]).toEqual({
      name: "never",
      title: "Never",
      unsupported: "never: expected another network",
    });
    expect(table.target).toMatchObject({ channel: 2 });
    await expect(trustTable(network, image, [saliency], { ...quick, subsets: 0 })).rejects.toThrow(/subsets/);
  });

  test("runs changed images on another network, and once where no map decides them", async () => {
    const perturbationNetwork = await createNetwork(device, chain(), {
      ...{ batch: 5, keep: [], gradients: false, reuseBuffers: true },
    });
    const measures = ["insertion", "muFidelity", "infidelity", "modelRandomisation"] as const;
    const options = { ...quick, measures, steps: 4, noiseSamples: 20 };
    const forward = vi.spyOn(Network.prototype, "forward");
    const passes = async (techniques: readonly NamedTechnique[]) => {
      forward.mockClear();
      const { rows } = await trustTable(network, image, techniques, { ...options, perturbationNetwork });
      return { rows, passes: forward.mock.contexts.filter((of) => (of as Network).batch === 5).length };
    };
    // 25 images of curves; 21 without cells and 21 with noise, each and the image itself.
    const one = await passes([saliency]);
    expect(one.passes).toBe(5 + 5 + 5);
    const two = await passes([saliency, guided]);
    expect(two.passes).toBe(one.passes + 5);
    for (const [place, technique] of [saliency, guided].entries()) {
      const alone = await trust(network, image, technique, options);
      expect(two.rows[place]?.trust).toEqual(alone);
    }
    forward.mockRestore();
    perturbationNetwork.destroy();
  });

  test("shares no scores between images, baselines, seeds or numbers of noiseSamples", async () => {
    const shared = new SharedScores();
    const measures = ["muFidelity", "infidelity"] as const;
    const [other = image] = images;
    for (const [picture, more] of [
      [image, {}],
      [other, {}],
      [image, {}],
      [image, { seed: 3 }],
      [image, { deletionBaseline: "blur" }],
      [image, { noiseSamples: 7, subsets: 9 }],
      [image, { on: "logit" }],
      [image, { radius: 0.3 }],
      [image, { target: 1 }],
    ] as const) {
      for (const technique of [saliency, attributionNamed("gradient-input")]) {
        const options = { ...quick, noiseSamples: 10, ...more, measures };
        const found = await trust(network, picture, technique, { ...options, sharedScores: shared });
        expect(found).toEqual(await trust(network, picture, technique, options));
      }
    }
  });

  test("gives techniques of many samples the network of many images, where it will do", async () => {
    const seen: number[] = [];
    const watched = (name: string): NamedTechnique => {
      const { runEach, ...technique } = attributionNamed(name);
      return {
        ...technique,
        run(on, ...rest) {
          seen.push(on.batch);
          return technique.run(on, ...rest);
        },
      };
    };
    const perturbationNetwork = await createNetwork(device, chain(), { batch: 5, gradients: false });
    const told = { measures: ["runnerUp"], settings: { samples: 6 }, perturbationNetwork } as const;
    const turns: string[] = [];
    await trustTable(network, image, ["saliency", "rise", "smoothgrad"].map(watched), {
      ...told,
      onTechnique: ({ name }, place, of) => turns.push(`${name} ${place} ${of}`),
    });
    expect(seen).toEqual([3, 3, 5, 5, 3, 3]);
    expect(turns).toEqual(["saliency 0 0", "rise 1 0", "smoothgrad 2 0"]);
    perturbationNetwork.destroy();
  });

  test("refuses changed images on a network of another graph", async () => {
    const perturbationNetwork = await createNetwork(device, branches());
    await expect(trust(network, image, saliency, { ...quick, perturbationNetwork })).rejects.toThrow(
      /network for changed images of the same graph and device \(.*got/,
    );
    perturbationNetwork.destroy();
  });

  test("over a data set is the mean and the spread of the images' own", async () => {
    const options = { measures: ["muFidelity", "insertion"], subsets: 20, steps: 6 } as const;
    const each = async function* () {
      yield* images;
    };
    const fractions: number[] = [];
    const found = await trustSummary(network, each(), [saliency, guided, refused], {
      ...options,
      count: 3,
      onProgress: (fraction) => fractions.push(fraction),
    });
    expect(found.images).toBe(3);
    expect(fractions.at(-1)).toBeCloseTo(1, 12);
    const own: Trust[] = [];
    for (const one of images) own.push(await trust(network, one, guided, options));
    const scores = own.map(({ muFidelity = Number.NaN }) => muFidelity);
    const mean = scores.reduce((sum, score) => sum + score) / 3;
    expect(found.rows[1]?.figures.muFidelity?.mean).toBeCloseTo(mean, 12);
    expect(found.rows[1]?.figures.muFidelity?.spread).toBeCloseTo(
      Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / 2),
      12,
    );
    expect(found.rows[1]?.figures.muFidelity?.count).toBe(3);
    expect(Object.keys(found.rows[1]?.figures ?? {})).toEqual(["insertion", "muFidelity"]);
    const areas = own.flatMap(({ insertion }) => insertion?.randomBaselines ?? []);
    expect(found.rows[1]?.randomBaselines.insertion?.mean).toBeCloseTo(
      areas.reduce((sum, area) => sum + area) / areas.length,
      12,
    );
    expect(found.rows[2]).toMatchObject({ images: 0, unsupported: "never: expected another network" });
  });

  test("is told each technique's settings", async () => {
    const told: unknown[] = [];
    const technique: NamedTechnique = {
      ...saliency,
      run: (on, of, options) => {
        told.push(options?.samples);
        return saliency.run(on, of, options);
      },
    };
    await trustTable(network, image, [technique, { ...technique, name: "other" }], {
      measures: [],
      settings: ({ name }) => (name === "other" ? { samples: 3 } : {}),
    });
    expect(told).toEqual([undefined, 3]);
  });

  const target: Target = { layer: "logits", channel: 1 };
  const table: TrustTable = {
    target,
    rows: [
      {
        name: "a",
        title: "A | b",
        trust: {
          target,
          insertion: { curve: [0, 1], area: 0.5, randomBaselines: [0.2, 0.4] },
          muFidelity: -0.001,
          modelRandomisation: { correlation: 0.12, signed: 0.1 },
          verdicts: ["muFidelity"],
          words: ["This map says little."],
        },
      },
      { name: "c", title: "C", trust: { target, muFidelity: 0.75, verdicts: [], words: [] } },
      { name: "d", title: "D", unsupported: "d: expected another network" },
    ],
  };

  test("reads as text and as Markdown", () => {
    expect(formatTrust(table)).toBe(
      [
        "technique  insertion ↑  μFidelity ↑  random weights ↓",
        "A | b      0.50 (0.30)       -0.001              0.12",
        "C                    –         0.75                 –",
        "D                    –            –                 –",
        "",
        "  A | b: This map says little.",
        "  D: d: expected another network",
      ].join("\n"),
    );
    expect(formatTrust(table, "markdown").split("\n").slice(0, 3)).toEqual([
      "| technique | insertion ↑ | μFidelity ↑ | random weights ↓ |",
      "| --- | ---: | ---: | ---: |",
      "| A \\| b | 0.50 (0.30) | -0.001 | 0.12 |",
    ]);
  });

  test("over a data set reads with its spread, and counts verdicts", () => {
    const other = {
      ...table,
      rows: table.rows.map((row) => ({
        ...row,
        ...(row.trust ? { trust: { ...row.trust, muFidelity: 0.25 } } : {}),
      })),
    };
    const lines = formatTrust(summariseTrust([table, other])).split("\n");
    expect(lines[2]).toMatch(/^C +– +0\.50 ± 0\.35 +–$/);
    expect(lines[1]).toContain("0.50 ± 0.00 (0.30)");
    expect(lines).toContain("  A | b: hardly tells which regions matter in 2 of 2 images.");
    expect(summariseTrust([])).toEqual({ images: 0, rows: [] });
  });
});

test("a randomised network is as large as its own, and is destroyed by whoever made it", async () => {
  const randomised = await createRandomisedNetwork(network, { seed: 1 });
  expect([randomised.batch, randomised.hasGradients, randomised.graph.layers.length]).toEqual([
    network.batch,
    network.hasGradients,
    network.graph.layers.length,
  ]);
  const { modelRandomisation: own } = await trust(network, image, saliency, {
    target: 0,
    measures: ["modelRandomisation"],
    seed: 1,
  });
  const shared = await trust(network, image, saliency, {
    target: 0,
    measures: ["modelRandomisation"],
    randomisedNetwork: randomised,
  });
  expect(shared.modelRandomisation).toEqual(own);
  randomised.destroy();
});
