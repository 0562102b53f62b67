import { setFlagsFromString } from "node:v8";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bench } from "../../bench/case.ts";
import { casesOfFiles } from "../../bench/cases/onnx-files.ts";
import { createBench } from "../../bench/hosts/host.ts";
import { ONE_COMPILATION } from "../../bench/hosts/node.ts";
import { OnnxModel } from "../../bench/peers/onnx.ts";
import { noise } from "../../bench/random.ts";
import type { Results } from "../../bench/result.ts";
import { runSuite } from "../../bench/suite.ts";
import type { ModelFiles } from "../../src/index.ts";
import { createGpu, modelFromDisk } from "../../src/node.ts";
import { testDevice } from "../gpu.ts";

const FACTS = { host: "Node, in a test", system: "a test", commit: "none", versions: {} };
const EFFORT = { milliseconds: 20, fewest: 2, most: 3 };

const navigator = Object.getOwnPropertyDescriptor(globalThis, "navigator");
let bench: Bench;

beforeAll(async () => {
  setFlagsFromString(ONE_COMPILATION);
  const value = { gpu: await createGpu(), userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });
  bench = await createBench(await testDevice(), { shipped: () => modelFromDisk("models/vitrine") });
});

afterAll(() => {
  if (navigator) Object.defineProperty(globalThis, "navigator", navigator);
  else Reflect.deleteProperty(globalThis, "navigator");
});

/** A convolution and what comes after it, as a file: a picture of 4×5 in, maps out, unless they end in something else. */
function written(end?: (model: OnnxModel, y: string) => string): ModelFiles {
  const model = new OnnxModel();
  const x = model.input("image", [1, 3, 4, 5]);
  const w = model.constant([2, 3, 3, 3], noise([2, 3, 3, 3], 1));
  const y = model.node("Conv", [x, w], { pads: [1, 1, 1, 1] });
  const last = end?.(model, y) ?? model.node("Sigmoid", [y]);
  model.node("Identity", [last], {}, "y");
  model.output("y", [1, 2, 4, 5]);
  const bytes = model.encode();
  return { name: "net", manifest: "net.onnx", read: async () => bytes.buffer };
}

/**
 * The words where jax-js cannot be asked: it has one device for the life of a process, and in a run of all tests another file
 * may have started it on one that is lost since. Run by itself, this file asks it.
 */
function jaxElsewhere(): string | undefined {
  if (!("absent" in bench.jax)) return undefined;
  expect(bench.jax.absent).toMatch(/another device/);
  return bench.jax.absent;
}

/** @param cases 2: forward, and back to the input; 1: forward only. */
async function run(files: ModelFiles, cases: 1 | 2): Promise<Results> {
  const suite = (await casesOfFiles([files], ["net"])).slice(0, cases);
  return runSuite(bench, FACTS, { suite, sizes: "small", effort: EFFORT }, () => {});
}

test("a file is opened by everybody, who agree forward and back before anybody is timed", async () => {
  const { rows } = await run(written(), 2);
  expect(rows.map(({ id, size }) => [id, size])).toEqual([
    ["onnx/net", "1×3×4×5"],
    ["onnx/net-gradient", "1×3×4×5"],
  ]);
  const [forward, gradient] = rows;
  expect(forward?.entries.map(({ name }) => name)).toEqual(["vitrine", "onnxruntime", "tfjs", "jax-js"]);
  for (const { name, error, timed, absent } of [...(forward?.entries ?? []), ...(gradient?.entries ?? [])]) {
    if (name === "onnxruntime" && error === undefined) expect(absent).toBe("it has no gradients");
    else if (name === "jax-js" && jaxElsewhere() !== undefined) expect(absent).toContain(jaxElsewhere());
    else {
      expect(absent, name).toBeUndefined();
      expect(error, name).toBeLessThan(1e-4);
      expect(timed?.wall.median, name).toBeGreaterThan(0);
    }
  }
});

test("a row says why somebody does not load a file, and the others are measured", async () => {
  const { rows } = await run(
    written((model, y) => model.node("LRN", [y], { size: 3 })),
    1,
  );
  const [{ entries } = { entries: [] }] = rows;
  const reasons = entries.map(({ name, absent }) => [name, absent]);
  expect(reasons).toEqual([
    ["vitrine", undefined],
    ["onnxruntime", undefined],
    ["tfjs", expect.stringContaining('no op "lrn"')],
    ["jax-js", expect.stringContaining(jaxElsewhere() ?? "LRN")],
  ]);
});

test("what we refuse of a file is told with our reason", async () => {
  const { rows } = await run(
    written((model, y) => model.node("NonZero", [y])),
    1,
  );
  expect(rows[0]?.entries[0]?.absent).toContain("NonZero");
});
