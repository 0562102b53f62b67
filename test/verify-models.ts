import { requestDevice } from "../src/gpu/device.ts";
import type { Graph } from "../src/graph/graph.ts";
import { preprocess } from "../src/images/preprocess.ts";
import { createGpu } from "../src/node/gpu.ts";
import {
  differences,
  differencesFrom,
  type Golden,
  goldenOf,
  HAVE_SHARED,
  IMAGENET_MODELS,
  outputs,
  readCifar,
  readPhotograph,
  realModel,
  realNetwork,
} from "./models/golden.ts";
import { tfjsModel, tfjsOutput } from "./models/referee.ts";

/** Share of CIFAR-10's first 1000 test images that ResNet-20 names rightly. */
const CIFAR_ACCURACY = 0.915;

/**
 * The golden values come from tfjs's WebAssembly backend. Where ours differ (four of GoogLeNet's do, by up to 1.6e-3),
 * tfjs's CPU backend decides, and within far less.
 */
const REFEREE_TOLERANCE = 1e-5;

/** How a network's outputs differ from what tfjs's CPU backend makes of the same photograph. */
async function appeal(name: string, golden: Golden, y: Float32Array, graph: Graph): Promise<string[]> {
  const model = await tfjsModel(await realModel(name));
  const expected = await tfjsOutput(model, preprocess(await readPhotograph(golden), graph));
  model.dispose();
  const far = [...y.entries()].filter(
    ([i, value]) =>
      !(Math.abs(value - (expected[i] ?? 0)) <= REFEREE_TOLERANCE * Math.max(1, Math.abs(value))),
  );
  return far.map(([i, value]) => `${golden.file}: class ${i}: expected ${expected[i]}, got ${value}`);
}

function report(name: string, count: number, right: number, wrong: readonly string[]): void {
  const percent = ((100 * right) / count).toFixed(1);
  console.log(`${name}: ${count} images, ${percent} % right, ${wrong.length} differences from tfjs`);
  for (const line of wrong.slice(0, 10)) console.log(`  ${line}`);
}

/**
 * Holds the real networks beside the repository against what tfjs says of every photograph (200 for each ImageNet
 * network) and of 1000 CIFAR-10 images. Names of networks as arguments check only those.
 * Run it with `npm run verify:models`; on a software adapter it takes many minutes.
 */
export async function main(names: readonly string[]): Promise<number> {
  if (!HAVE_SHARED) {
    console.error("verify-models: expected ../shared with models, images and golden values, found none");
    return 1;
  }
  const device = await requestDevice(await createGpu());
  let failures = 0;
  const wanted = (name: string) => names.length === 0 || names.includes(name);
  for (const name of IMAGENET_MODELS.filter(wanted)) {
    const goldens = goldenOf(name);
    const network = await realNetwork(device, name);
    const wrong: string[] = [];
    let right = 0;
    for (const golden of goldens) {
      const [y = new Float32Array()] = await outputs(network, [await readPhotograph(golden)]);
      const doubts = differences(y, golden);
      if (doubts.length > 0) {
        const confirmed = await appeal(name, golden, y, network.graph);
        console.log(
          `${doubts.join("\n")}\n  tfjs on the CPU: ${confirmed.length === 0 ? "agrees with Vitrine" : "does not agree"}`,
        );
        wrong.push(...confirmed);
      }
      if (y.indexOf(Math.max(...y)) === golden.target) right++;
    }
    network.destroy();
    report(name, goldens.length, right, wrong);
    failures += wrong.length;
  }
  if (wanted("cifar10_resnet20")) {
    const { images, labels, golden } = await readCifar();
    const network = await realNetwork(device, "cifar10_resnet20", 50);
    const wrong: string[] = [];
    let right = 0;
    for (let start = 0; start < images.length; start += network.batch) {
      for (const [i, y] of (await outputs(network, images.slice(start, start + network.batch))).entries()) {
        const row = start + i;
        wrong.push(...differencesFrom(y, golden[row] ?? [-1, 0], row));
        if (y.indexOf(Math.max(...y)) === labels[row]) right++;
      }
    }
    network.destroy();
    report("cifar10_resnet20", images.length, right, wrong);
    failures += wrong.length + (right / images.length === CIFAR_ACCURACY ? 0 : 1);
  }
  device.destroy();
  return failures === 0 ? 0 : 1;
}
