import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BrokenPicture, Source, SourcePicture, SourceReadOptions } from "../../../src/dataset/source.ts";
import { mergeSurveys } from "../../../src/dataset/survey/merge-surveys.ts";
import type { PictureAnswer, SurveyReport } from "../../../src/dataset/survey/report.ts";
import { survey } from "../../../src/dataset/survey/survey.ts";
import { InputError } from "../../../src/gpu/errors.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { predict } from "../../../src/techniques/predict.ts";
import { activations } from "../../../src/techniques/units/activations.ts";
import { testDevice } from "../../gpu.ts";
import { chain, random } from "../../graph/graphs.ts";
import { statisticsOf } from "../../reference/statistics.ts";

const graph: Graph = { ...chain(), labels: ["a", "b", "c", "d"] };
const COUNT = 23;
/** The numbers of pictures that cannot be read. */
const BROKEN = new Set([4, 17]);

let device: GPUDevice;
let networks: Networks;
beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, graph);
});
afterAll(() => networks.destroy());

/** Random pictures of 8×6, four labels in turn, as a source whose shards are what {@link Source} says. */
function pictures(count = COUNT, broken: ReadonlySet<number> = BROKEN, digest = "d"): Source {
  const make = (numbers: readonly number[]): Source => ({
    name: "random pictures",
    count: numbers.length,
    digest: async () => digest,
    shard: (i, n) => make(numbers.filter((_, at) => at % n === i)),
    read: (options = {}) => read(numbers, broken, options),
    [Symbol.asyncIterator]: () => read(numbers, broken, {}),
  });
  return make(Array.from({ length: count }, (_, i) => i));
}

async function* read(
  numbers: readonly number[],
  broken: ReadonlySet<number>,
  { from = 0, onBroken, signal }: SourceReadOptions,
): AsyncGenerator<SourcePicture> {
  for (const index of numbers.slice(from)) {
    signal?.throwIfAborted();
    const error = new InputError(`picture ${index}: expected a picture, got none`);
    if (!broken.has(index)) yield picture(index);
    else if (onBroken) onBroken({ id: `p${index}`, index, error } satisfies BrokenPicture);
    else throw error;
  }
}

function picture(index: number): SourcePicture {
  const next = random(index + 1);
  const data = Uint8Array.from({ length: 8 * 6 * 3 }, () => Math.round((next() + 1) * 127));
  return { id: `p${index}`, index, label: "abcd"[index % 4], pixels: { width: 6, height: 8, data } };
}

const whole = (options = {}) => survey(networks, pictures(), { batch: 4, ...options });
const READ = Array.from({ length: COUNT }, (_, i) => i).filter((i) => !BROKEN.has(i));

/** A layer's activations for all pictures, by another road. */
async function activationsOf(layer: string): Promise<Float32Array[]> {
  // A batch of one image takes another dense kernel, which rounds otherwise.
  const network = await createNetwork(device, graph, { batch: 4 });
  const all: Float32Array[] = [];
  for (const index of READ) all.push((await activations(network, picture(index).pixels, { layer })).data);
  network.destroy();
  return all;
}

function layerIn(report: SurveyReport, name: string) {
  const found = report.layers.find(({ layer }) => layer === name);
  if (!found) throw new Error(`no layer ${name}`);
  return found;
}

function expectSame(got: SurveyReport, expected: SurveyReport): void {
  const bare = ({ layers, ...rest }: SurveyReport) => ({
    ...rest,
    layers: layers.map(({ statistics: { mean: _, m2: __, ...counts }, labels, comoments: ___, ...own }) => ({
      ...own,
      counts,
      labels: labels.map(({ label, pictures: seen }) => ({ label, seen })),
    })),
  });
  expect(bare(got)).toEqual(bare(expected));
  for (const [n, { statistics, labels, comoments }] of expected.layers.entries()) {
    const own = got.layers[n];
    close(own?.statistics.mean, statistics.mean, 1e-12);
    close(own?.statistics.m2, statistics.m2, 1e-12);
    for (const [l, { means }] of labels.entries()) close(own?.labels[l]?.means, means, 1e-12);
    if (comoments) close(own?.comoments?.comoments, comoments.comoments, 1e-4);
  }
}

function close(got: readonly number[] | undefined, expected: readonly number[], tolerance: number): void {
  const scale = Math.max(...expected.map(Math.abs));
  expect(got?.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs((got?.[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(tolerance * scale);
  }
}

describe("a survey", () => {
  test("finds what loops over the activations find", async () => {
    const report = await whole({ top: 3, bins: 8, correlation: true });
    expect(report.pictures).toBe(COUNT - BROKEN.size);
    expect(report.layers.map(({ layer }) => layer)).toEqual(["relu1", "pool1", "conv2", "logits", "softmax"]);
    for (const name of ["relu1", "logits"]) {
      const all = await activationsOf(name);
      const { statistics, top, histogram, labels, comoments, shape } = layerIn(report, name);
      const channels = shape.at(-1) ?? 0;
      const expected = statisticsOf(
        all.flatMap((values) => [...values]),
        channels,
      );
      expect(statistics).toMatchObject({ count: expected.count, zeros: expected.zeros });
      expect(statistics.min).toEqual(expected.min);
      close(statistics.mean, expected.mean, 1e-6);
      close(statistics.m2, expected.m2, 1e-6);
      const columns = shape.length > 2 ? (shape[1] ?? 1) : 1;
      for (let c = 0; c < channels; c++) {
        const best = all
          .map((values, n) => {
            const own = values.filter((_, i) => i % channels === c);
            const value = Math.max(...own);
            const at = own.indexOf(value);
            return { value, image: READ[n] ?? 0, y: Math.floor(at / columns), x: at % columns };
          })
          .sort((a, b) => b.value - a.value || a.image - b.image);
        expect(top.channels[c]).toEqual(best.slice(0, 3));
        const values = all.flatMap((own) => [...own.filter((_, i) => i % channels === c)]);
        const [low = 0, high = 0] = histogram?.ranges[c] ?? [];
        const inside = values.filter((v) => v >= low && v <= high).length;
        expect(histogram?.counts[c]?.reduce((sum, n) => sum + n, 0)).toBe(inside);
        expect(inside).toBe(values.length);
        const own = all.filter((_, n) => (READ[n] ?? 0) % 4 === 1);
        const ofLabel = own.flatMap((one) => [...one.filter((_, i) => i % channels === c)]);
        const mean = ofLabel.reduce((sum, v) => sum + v, 0) / ofLabel.length;
        expect(labels[1]?.label).toBe("b");
        expect(labels[1]?.means[c]).toBeCloseTo(mean, 3);
      }
      close(
        comoments?.comoments.filter((_, i) => i % (channels + 1) === 0),
        expected.m2,
        1e-4,
      );
    }
  });

  test("counts how right the network is, and tells of each picture", async () => {
    const told: PictureAnswer[] = [];
    const { answers } = await whole({ onPicture: (one: PictureAnswer) => told.push(one) });
    const network = await createNetwork(device, graph);
    let right = 0;
    for (const [n, index] of READ.entries()) {
      const [best] = await predict(network, picture(index).pixels);
      if (best?.index === index % 4) right++;
      expect(told[n]).toMatchObject({ index, id: `p${index}`, label: "abcd"[index % 4] });
      expect(told[n]?.given?.index).toBe(best?.index);
      expect(told[n]?.given?.probability).toBeCloseTo(best?.probability ?? 0, 5);
    }
    const features = await activationsOf("conv2");
    const [mine] = told[3]?.features ?? [];
    const own = features[3] ?? new Float32Array();
    close(
      [...(mine ?? [])],
      [0, 1, 2, 3, 4].map((c) => own.filter((_, i) => i % 5 === c).reduce((s, v) => s + v / 12, 0)),
      1e-6,
    );
    expect(answers).toMatchObject({ pictures: READ.length, right, inTopFive: READ.length });
    expect(answers?.labels.map(({ label, index }) => [label, index])).toEqual(
      ["a", "b", "c", "d"].map((l, i) => [l, i]),
    );
    network.destroy();
  });

  test("is the same from any number of shards, in any batches and order", async () => {
    const expected = await whole({ correlation: true });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 7 }), async (n, batch) => {
        const parts: SurveyReport[] = [];
        for (let i = n - 1; i >= 0; i--)
          parts.push(await whole({ shard: { i, n }, batch, correlation: true }));
        expectSame(mergeSurveys(parts), expected);
      }),
      { numRuns: 3, seed: 4 },
    );
  });

  test("goes on after a stop at the same numbers", async () => {
    const expected = await whole();
    const told: number[] = [];
    let kept: SurveyReport | undefined;
    const stop = new AbortController();
    const stopped = whole({
      every: 8,
      signal: stop.signal,
      async onCheckpoint(report: SurveyReport) {
        kept = JSON.parse(JSON.stringify(report)) as SurveyReport;
        if (report.pictures >= 16) stop.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(kept).toMatchObject({ pictures: 16, complete: false });
    const report = await whole({
      resume: kept,
      batch: 3,
      onPicture: ({ index }: PictureAnswer) => told.push(index),
    });
    expectSame(report, expected);
    expect(told).toEqual(READ.slice(16));
  });

  test("passes over broken pictures with a word, or stops at the first", async () => {
    const told: string[] = [];
    const report = await whole({ layers: ["pool1"], onBroken: ({ id }: { id: string }) => told.push(id) });
    expect(told).toEqual(["p4", "p17"]);
    expect(report.broken).toEqual(
      [4, 17].map((index) => ({
        ...{ index, id: `p${index}` },
        why: `picture ${index}: expected a picture, got none`,
      })),
    );
    await expect(whole({ strict: true })).rejects.toThrow("picture 4: expected a picture, got none");
  });

  test("leaves accuracy out where no label is a class, and labels out where there are none", async () => {
    const unknown = { ...chain(), labels: ["w", "x", "y", "z"] };
    const others = createNetworks(device, unknown);
    const report = await survey(others, pictures(), { layers: ["pool1"] });
    expect(report.answers).toBeUndefined();
    expect(report.layers[0]?.labels.map(({ label }) => label)).toEqual(["a", "b", "c", "d"]);
    others.destroy();
  });

  test("refuses what it cannot do", async () => {
    await expect(survey(networks, pictures(0))).rejects.toThrow(
      "survey: expected pictures in random pictures, got none that can be read",
    );
    await expect(whole({ layers: ["pool9"] })).rejects.toThrow(InputError);
    await expect(whole({ layers: ["image"] })).rejects.toThrow("expected a layer behind the input");
    await expect(whole({ top: 0 })).rejects.toThrow("expected top of 1 to 64, got 0");
    await expect(whole({ shard: { i: 3, n: 3 } })).rejects.toThrow("expected a shard");
    const kept = await whole({ layers: ["pool1"] });
    await expect(whole({ resume: kept })).rejects.toThrow("expected the same layers");
    await expect(
      survey(networks, pictures(COUNT, BROKEN, "e"), { layers: ["pool1"], resume: kept }),
    ).rejects.toThrow("expected the same data set");
  });
});

describe("merging surveys", () => {
  test("refuses parts that are missing, doubled, foreign or not complete", async () => {
    const part = (i: number, options = {}) => whole({ shard: { i, n: 3 }, layers: ["pool1"], ...options });
    const [a, b, c] = await Promise.all([part(0), part(1), part(2)]);
    expect(() => mergeSurveys([])).toThrow("expected the parts of a survey, got none");
    expect(() => mergeSurveys([a, c])).toThrow("expected parts 0 to 2, got none of 1");
    expect(() => mergeSurveys([a, b, c, b])).toThrow("expected each part once, got part 1/3 twice");
    expect(() => mergeSurveys([a, b, { ...c, complete: false }])).toThrow(
      "expected a survey that is complete",
    );
    const foreign = { ...c, modelDigest: "ffff" };
    expect(() => mergeSurveys([a, b, foreign])).toThrow('part 2/3: expected the same network, "chain"');
    const other = await part(2, { top: 4 });
    expect(() => mergeSurveys([a, b, other])).toThrow("expected the same top, 9, got 4");
    expect(mergeSurveys([c, a, b]).pictures).toBe(READ.length);
  });
});
