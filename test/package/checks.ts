import { cpSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import packageJson from "../../package.json" with { type: "json" };
import { launchBrowser } from "../browser.ts";
import type { Project } from "./project.ts";
import { snippets } from "./readme.ts";
import { serve } from "./serve.ts";

/** One way to use the package. It throws where the package falls short; what it returns is said to whoever ran it. */
export type Check = (project: Project, tarball: string) => Promise<string>;

const { devDependencies } = packageJson;
const APP = fileURLToPath(new URL("app", import.meta.url));
const TFJS = ["@tensorflow/tfjs-core@^4.22.0", "@tensorflow/tfjs-backend-webgpu@^4.22.0"];
const THREE = `three@${devDependencies.three}`;
const IN_NODE = [`webgpu@${devDependencies.webgpu}`, `sharp@${devDependencies.sharp}`];

/** The class of synthetic:3, which the shipped network knows for sure. */
const EXPECTED = "star";

function expect(holds: boolean, what: string, got: unknown): asserts holds {
  if (!holds) throw new Error(`expected ${what}, got ${typeof got === "string" ? got : JSON.stringify(got)}`);
}

const PREDICT = `
import { fileURLToPath } from "node:url";
import {
  createGpu, createNetwork, loadLayersModel, modelFromDisk, predict, requestDevice, syntheticPictures,
} from "vitrine/node";

const device = await requestDevice(await createGpu());
const path = fileURLToPath(import.meta.resolve("vitrine/models/vitrine/model.json"));
const network = await createNetwork(device, await loadLayersModel(await modelFromDisk(path)));
for await (const picture of syntheticPictures(device, { first: 3 })) {
  const [best] = await predict(network, picture);
  console.log(best.label);
}
process.exit(0);
`;

const node: Check = async (project, tarball) => {
  project.install(tarball);
  const bare = project.run("npx", ["vitrine", "predict", "--image", "synthetic:3"], { mayFail: true });
  expect(
    bare.code !== 0 && bare.text.includes("run npm install webgpu sharp"),
    "the command to run",
    bare.text,
  );
  const alone = project.node(PREDICT, { mayFail: true });
  expect(alone.text.includes("run npm install webgpu sharp"), "the command to run", alone.text);
  project.install(...IN_NODE);
  const { text } = project.node(PREDICT);
  expect(text.includes(EXPECTED), `"${EXPECTED}"`, text);
  const cli = project.run("npx", ["vitrine", "predict", "--image", "synthetic:3"]).text;
  expect(cli.includes(EXPECTED), `"${EXPECTED}"`, cli);
  return "says what to install without webgpu and sharp, predicts with them, as a module and as a command";
};

const TYPES = `
import { createNetwork, loadLayersModel, modelFromUrl, predict, type Prediction, requestDevice, saliency } from "vitrine";
import { createGpu } from "vitrine/node";

// Checks the declarations of every other entry, too.
export type * as everything from "vitrine/bundle";

export async function best(image: Float32Array): Promise<Prediction | undefined> {
  const device: GPUDevice = await requestDevice(await createGpu());
  const network = await createNetwork(device, await loadLayersModel(modelFromUrl("https://example.org/model.json")));
  const { data, shape } = await saliency(network, image, { target: "star" });
  const sum: number = data.reduce((total, value) => total + value, shape.length);
  const [first] = await predict(network, image, { top: sum > 0 ? 1 : 2 });
  // @ts-expect-error an answer has no such field
  first?.certainty;
  return first;
}
`;

const TYPES_THREE = `
import { storageOf } from "vitrine/three";
import type { WebGPURenderer } from "three/webgpu";
import type { Tensor } from "vitrine";

export const first = (renderer: WebGPURenderer, tensor: Tensor<"f32">) => storageOf(renderer, tensor).element(0);
`;

/** What a compiler needs beside its DOM library to know WebGPU. */
const COMPILERS = [
  { typescript: "5.9", webgpu: ["@webgpu/types"] },
  { typescript: "7", webgpu: [] },
] as const;

const CONFIGURATIONS = [
  [["ES2022", "DOM"], "Bundler", true],
  [["ES2022", "DOM"], "NodeNext", true],
  [["ES2022", "DOM"], "NodeNext", false],
  [["ESNext", "DOM"], "Bundler", false],
  [["ES2022"], "NodeNext", true],
  [["ES2022"], "Bundler", false],
] as const;

const TSC = "node_modules/typescript/bin/tsc";

const types: Check = async (project, tarball) => {
  project.write("main.ts", TYPES);
  project.write("drawn.ts", TYPES_THREE);
  let runs = 0;
  for (const { typescript, webgpu } of COMPILERS) {
    project.install(tarball, `typescript@${typescript}`, "@webgpu/types", "@types/three", THREE);
    const { text: version } = project.run(process.execPath, [TSC, "--version"]);
    for (const [lib, moduleResolution, exactOptionalPropertyTypes] of CONFIGURATIONS) {
      const dom = (lib as readonly string[]).includes("DOM");
      const compilerOptions = {
        noEmit: true,
        strict: true,
        skipLibCheck: false,
        exactOptionalPropertyTypes,
        target: "ES2022",
        lib,
        module: moduleResolution === "NodeNext" ? "NodeNext" : "ESNext",
        moduleResolution,
        types: dom ? webgpu : [],
      };
      // three's declarations need the DOM library.
      const files = dom ? ["main.ts", "drawn.ts"] : ["main.ts"];
      project.write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
      const { code, text } = project.run(process.execPath, [TSC], { mayFail: true });
      expect(code === 0, `no error of ${version.trim()} with ${JSON.stringify(compilerOptions)}`, text);
      runs++;
    }
  }
  return `${runs} configurations of TypeScript ${COMPILERS.map(({ typescript }) => typescript).join(" and ")} check without skipLibCheck`;
};

interface Answer {
  readonly error?: string;
  readonly label?: string;
  readonly values?: number;
  readonly products?: readonly number[];
  /** The width of a figure that was rasterised there. */
  readonly figure?: number;
}

/** What a page of `folder` answers in headless Chrome, and every address that it asked for. */
export async function opened(
  folder: string,
  page = "index.html",
): Promise<{ answer: Answer; asked: string[] }> {
  const server = await serve(folder);
  const browser = await launchBrowser();
  try {
    const tab = await browser.newPage();
    await tab.goto(`${server.url}${page}`);
    await tab.waitForFunction("window.answer !== undefined");
    const answer = (await tab.evaluate("window.answer")) as Answer;
    expect(answer.error === undefined, "an answer", answer.error);
    return { answer, asked: server.asked };
  } finally {
    await browser.close();
    await server.close();
  }
}

async function appAnswers(project: Project, folder: string): Promise<void> {
  const { answer } = await opened(join(project.folder, folder));
  expect(answer.label === EXPECTED, `"${EXPECTED}"`, answer);
  expect(answer.values === 48 * 48 * 24, "conv1's values as three's storage", answer);
  expect((answer.figure ?? 0) > 3 * 256, "a figure as pixels", answer);
  expect(String(answer.products) === "10,14,14,20", "a Gram matrix from tfjs", answer);
}

/** Copies the app, which finds the shipped network's files by `addresses`. */
function writeApp(project: Project, addresses: string): void {
  cpSync(APP, project.folder, { recursive: true });
  project.write("addresses.js", addresses);
}

const vite: Check = async (project, tarball) => {
  project.install(tarball, "vite@8", THREE, ...TFJS);
  writeApp(
    project,
    `import model from "vitrine/models/vitrine/model.json?url&no-inline";
import weights from "vitrine/models/vitrine/weights.bin?url";
export const addresses = { "model.json": model, "weights.bin": weights };`,
  );
  project.run("npx", ["vite", "build", "--base", "./"]);
  await appAnswers(project, "dist");
  return "builds vitrine, vitrine/three and vitrine/tfjs, and the page predicts";
};

const ADDRESSES_BY_URL = `export const addresses = {
  "model.json": new URL("vitrine/models/vitrine/model.json", import.meta.url),
  "weights.bin": new URL("vitrine/models/vitrine/weights.bin", import.meta.url),
};`;

const webpack: Check = async (project, tarball) => {
  project.install(tarball, "webpack@5", "webpack-cli", THREE, ...TFJS);
  writeApp(project, ADDRESSES_BY_URL);
  project.write("webpack.config.js", `export default { mode: "production", entry: "./app.js" };`);
  project.run("npx", ["webpack"]);
  project.write("dist/index.html", `<!doctype html><script src="main.js"></script>`);
  await appAnswers(project, "dist");
  return "builds vitrine, vitrine/three and vitrine/tfjs, and the page predicts";
};

const esbuild: Check = async (project, tarball) => {
  project.install(tarball, "esbuild", THREE, ...TFJS);
  writeApp(
    project,
    `import model from "vitrine/models/vitrine/model.json";
import weights from "vitrine/models/vitrine/weights.bin";
export const addresses = { "model.json": model, "weights.bin": weights };`,
  );
  const flags = ["--bundle", "--format=esm", "--outdir=dist", "--loader:.bin=file", "--loader:.json=file"];
  project.run("npx", ["esbuild", "app.js", "--minify", ...flags]);
  project.write("dist/index.html", readFileSync(join(APP, "index.html"), "utf8"));
  await appAnswers(project, "dist");

  project.write("one.js", `export { saliency } from "vitrine";`);
  project.write("all.js", `export * from "vitrine";`);
  const size = (file: string): number => {
    project.run("npx", ["esbuild", file, "--bundle", "--format=esm", "--minify", `--outfile=sizes/${file}`]);
    return readFileSync(join(project.folder, "sizes", file)).length;
  };
  const [one, all] = [size("one.js"), size("all.js")];
  expect(one < all / 2, "saliency alone to be less than half of everything", `${one} of ${all} bytes`);
  return `builds everything, the page predicts; saliency alone is ${Math.round(one / 1000)} of ${Math.round(all / 1000)} kB`;
};

/** An example in another runtime, whose npm package carries its binary. */
const example =
  (runtime: string, file: string, ...args: readonly string[]): Check =>
  async (project, tarball) => {
    project.install(tarball, ...IN_NODE, runtime);
    project.write(file, readFileSync(new URL(`../../examples/${file}`, import.meta.url), "utf8"));
    const { text } = project.run(`node_modules/.bin/${runtime}`, [...args, file]);
    expect(text.includes(EXPECTED), `"${EXPECTED}"`, text);
    return `runs examples/${file}`;
  };

const page: Check = async (project, tarball) => {
  project.install(tarball);
  cpSync(join(project.folder, "node_modules/vitrine"), join(project.folder, "site/vitrine"), {
    recursive: true,
  });
  project.write(
    "site/index.html",
    `<!doctype html>
<script type="importmap">{ "imports": { "vitrine": "./vitrine/dist/vitrine.min.js" } }</script>
<script type="module">
import { createNetwork, loadLayersModel, modelFromUrl, predict, requestDevice, syntheticPictures } from "vitrine";
async function answer() {
  const device = await requestDevice();
  const network = await createNetwork(device, await loadLayersModel(modelFromUrl("vitrine/models/vitrine/")));
  const { value: picture } = await syntheticPictures(device, { first: 3 }).next();
  const [best] = await predict(network, picture);
  return best;
}
window.answer = answer().catch((error) => ({ error: String(error?.stack ?? error) }));
</script>`,
  );
  const { answer, asked } = await opened(join(project.folder, "site"));
  expect(answer.label === EXPECTED, `"${EXPECTED}"`, answer);
  const scripts = asked.filter((path) => path.endsWith(".js"));
  expect(scripts.length === 1, "one request for the library", scripts);
  return "predicts with an import map, one request for the library";
};

const lint: Check = async (project, tarball) => {
  project.install("@arethetypeswrong/cli");
  project.run(resolve("node_modules/.bin/publint"), [tarball, "--strict"]);
  // A package of ES modules alone has nothing for whoever requires it from CommonJS without Node's require(esm).
  project.run("npx", [
    "attw",
    tarball,
    "--profile",
    "esm-only",
    "--exclude-entrypoints",
    "./shaders/*.wgsl",
    "./models/*",
  ]);
  return "publint and are-the-types-wrong find nothing";
};

const commands: Check = async (project, tarball) => {
  project.install(tarball, ...IN_NODE);
  const [block = ""] = snippets(readFileSync("README.md", "utf8"), "sh").filter((code) =>
    code.includes("vitrine dataset"),
  );
  const lines = block.trim().split("\n");
  expect(lines.length > 5, "the README's commands", block);
  const took = lines.map((line) => {
    const from = Date.now();
    project.run("bash", ["-c", line]);
    return (Date.now() - from) / 1000;
  });
  return `the README's ${lines.length} commands run as written, the slowest in ${Math.max(...took).toFixed(1)} s`;
};

/** Every way, by name. */
export const CHECKS: Readonly<Record<string, Check>> = {
  lint,
  node,
  commands,
  page,
  esbuild,
  vite,
  webpack,
  deno: example("deno", "deno.ts", "run", "--allow-all"),
  bun: example("bun", "bun.ts"),
  types,
};
