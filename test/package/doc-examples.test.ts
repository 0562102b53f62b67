import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Graph, Network, Pixels } from "../../src/index.ts";
import { createNetwork, loadLayersModel, readInput, syntheticPictures } from "../../src/index.ts";
import { createGpu, modelFromDisk } from "../../src/node.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph as graphOf, random } from "../graph/graphs.ts";
import { onnxBytes, valueInfo } from "../models/onnx/written.ts";
import { GraphWriter } from "../models/tfjs-graph/written.ts";

/** What the examples of the doc comments find around them, beside what they import. */
interface World {
  readonly device: GPUDevice;
  readonly graph: Graph;
  readonly network: Network;
  /** A network that scores every place. */
  readonly segmentation: Network;
  readonly picture: Pixels;
  readonly image: Float32Array;
}

const TYPES: Readonly<Record<keyof World, string>> = {
  device: "GPUDevice",
  graph: "Graph",
  network: "Network",
  segmentation: "Network",
  picture: "Pixels",
  image: "Float32Array",
};

/** The first calls of a newcomer: none goes without an example. */
const FIRST =
  `requestDevice modelFromUrl loadModel loadLayersModel loadOnnxModel loadGraphModel createNetwork readInput predict saliency gradCam createGradCam occlusion
  integratedGradients numericalSaliency blackBox labelMap coarseToFine explainEach renderFigure trust createLayer createGram createStatisticsStream`.split(
    /\s+/,
  );

interface Example {
  readonly of: string;
  readonly code: string;
}

const DOCUMENTED =
  /\/\*\*(?:(?!\*\/).)*?@example\n \* ```ts\n((?: \*[^\n]*\n)+?) \* ```\n(?:(?!\*\/).)*?\*\/\nexport (?:async )?(?:function\*?|const) (\w+)/gs;

/** Pages whose programs run like the examples of the doc comments. */
const PAGES = ["datasets"];

const EXAMPLES: readonly Example[] = [...examplesOfComments(), ...PAGES.flatMap(examplesOfPage)];

function examplesOfPage(page: string): Example[] {
  const programs = readFileSync(`docs/${page}.md`, "utf8").matchAll(/^```ts\n(.*?)^```/gms);
  return [...programs].map(([, code = ""], i) => ({ of: `${page}-${i + 1}`, code }));
}

function examplesOfComments(): Example[] {
  return readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) =>
      [...readFileSync(join("src", path), "utf8").matchAll(DOCUMENTED)].map(([, code = "", of = ""]) => ({
        of,
        code: code.replace(/^ \* ?/gm, ""),
      })),
    );
}

const IMPORT = /^import \{ (.*) \} from "(vitrine[^"]*)";$/gm;

/** A decoder of one step, with four classes at every place. */
function segmentationGraph(): Graph {
  const conv = (name: string, from: string, inputs: number) => ({
    ...{ op: "conv2d" as const, name, inputs: [from], strides: [1, 1] as const, dilations: [1, 1] as const },
    ...{ padding: "same" as const, w: constant([1, 1, inputs, 4], random(3)) },
  });
  return {
    ...graphOf("segmentation", [
      { op: "input", name: "image", inputs: [], shape: [96, 96, 3] },
      {
        op: "pool",
        name: "pool",
        inputs: ["image"],
        mode: "max",
        size: [2, 2],
        strides: [2, 2],
        padding: "valid",
      },
      conv("deep", "pool", 3),
      {
        ...{ op: "resize", name: "up", inputs: ["deep"], to: { factor: [2, 2] }, mode: "linear" },
        coordinates: "half-pixel",
      },
      conv("classes", "up", 4),
    ]),
    labels: ["road", "car", "sky", "tree"],
  };
}

/** Files of the formats that are not among the project's models, by their paths at the examples' address. */
async function writtenFiles(): Promise<Readonly<Record<string, Uint8Array<ArrayBuffer>>>> {
  const relu = { opType: "Relu", input: ["x"], output: ["y"] };
  const onnx = { input: [valueInfo("x", ["N", 3, 8, 8])], node: [relu], output: [valueInfo("y", ["N"])] };
  const writer = new GraphWriter();
  const files = writer.files({ y: writer.node("Relu", [writer.input([-1, 8, 8, 3])]) });
  return {
    "models/net.onnx": onnxBytes(onnx),
    "models/emotion/model.json": new Uint8Array(await files.read("model.json")),
    "models/emotion/w.bin": new Uint8Array(await files.read("w.bin")),
  };
}

let world: World;

beforeAll(async () => {
  const device = await testDevice();
  const graph = await loadLayersModel(await modelFromDisk("models/vitrine"));
  const network = await createNetwork(device, graph);
  const { value: picture } = await syntheticPictures(device, { first: 3, count: 1 }).next();
  if (!picture) throw new Error("expected a picture");
  const segmentation = await createNetwork(device, segmentationGraph());
  world = { device, graph, network, segmentation, picture, image: await readInput(graph, picture) };
  const written = await writtenFiles();
  vi.stubGlobal("navigator", { gpu: await createGpu() });
  vi.stubGlobal("fetch", async (address: string | URL) => {
    const path = new URL(address).pathname.replace(/^\//, "");
    const made = written[path];
    if (made) return new Response(made);
    return new Response(readFileSync(path.endsWith("/") ? `${path}model.json` : path));
  });
});

afterAll(() => {
  vi.unstubAllGlobals();
  world.network.destroy();
  world.segmentation.destroy();
});

test("every first call has an example", () => {
  const documented = EXAMPLES.map(({ of }) => of);
  expect(FIRST.filter((name) => !documented.includes(name))).toEqual([]);
});

test("the examples' types check", () => {
  // Within the project, for its paths and packages.
  const folder = mkdtempSync("test/package/.examples-");
  try {
    const given = Object.entries(TYPES).map(([name, type]) => `declare const ${name}: ${type};`);
    const types = 'import type { Graph, Network, Pixels } from "vitrine";';
    for (const { of, code } of EXAMPLES) {
      const imports = [...code.matchAll(IMPORT)].map(([line]) => line);
      const text = [types, ...imports, ...given, "{", code.replace(IMPORT, ""), "}", ""].join("\n");
      writeFileSync(join(folder, `${of}.ts`), text);
    }
    const config = {
      extends: "../../../tsconfig.json",
      compilerOptions: { noUnusedLocals: false },
      include: ["*.ts", "../../../src"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { stdout } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", folder], {
      encoding: "utf8",
    });
    expect(stdout).toBe("");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

test.each(EXAMPLES.map(({ of, code }) => [of, code] as const))(
  "the example of %s runs and prints what it says",
  async (_, code) => {
    const imported: Record<string, unknown> = {};
    for (const [, names = "", entry = ""] of code.matchAll(IMPORT)) {
      const module = await import(
        `../../src/${entry === "vitrine" ? "index" : entry.replace("vitrine/", "")}.ts`
      );
      for (const name of names.split(", ")) imported[name] = module[name];
    }
    const printed: string[] = [];
    const told = [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
    const names = {
      ...world,
      ...imported,
      console: { log: (...words: unknown[]) => printed.push(words.join(" ").trim()) },
    };
    const AsyncFunction = (async () => {}).constructor as new (
      ...args: string[]
    ) => (...args: unknown[]) => Promise<void>;
    const body = `{ ${code.replace(IMPORT, "")} }`;
    await new AsyncFunction(...Object.keys(names), body)(...Object.values(names));
    for (const [i, text] of told.entries()) expect(printed[i]).toBe(text);
  },
);
