import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { requestDevice } from "../src/gpu/device.ts";
import { OPERATORS } from "../src/models/onnx/operators/operators.ts";
import { createGpu } from "../src/node/gpu.ts";
import { isSupported, NODE_TESTS, nodeTests, runNodeTest } from "./models/onnx/node-tests.ts";
import { differenceFromOnnxRuntime, SHARED_ONNX, withLogits, withNoise } from "./models/onnx/onnxruntime.ts";

/** Compares the light graphs, with noise for weights, with ONNX Runtime. */
async function lightGraphs(words: readonly string[]): Promise<number> {
  const folder = join(process.env.VITRINE_ONNX_DATA ?? SHARED_ONNX, "light");
  if (!existsSync(folder)) {
    console.error("expected VITRINE_ONNX_DATA to name the folder of ONNX's test data, with light/ in it");
    return 1;
  }
  const device = await requestDevice(await createGpu());
  const names = readdirSync(folder).filter((file) => file.endsWith(".onnx"));
  let far = 0;
  for (const name of names.filter((file) => words.every((word) => file.includes(word)))) {
    const bytes = withLogits(withNoise(new Uint8Array(readFileSync(join(folder, name)))));
    const difference = await differenceFromOnnxRuntime(device, bytes);
    console.log(
      `${name}: logits differ from ONNX Runtime's by ${difference.toExponential(1)} of the largest`,
    );
    if (!(difference < 1e-4)) far++;
  }
  device.destroy();
  return far > 0 || names.length === 0 ? 1 : 0;
}

/**
 * Runs the ONNX project's own tests of single operators: `npm run verify:onnx [-- WORDS]`. With the word "light" first, its
 * light graphs instead, beside ONNX Runtime. It fails where one is wrong, or none is there.
 */
export async function main(words: readonly string[]): Promise<number> {
  if (words[0] === "light") return lightGraphs(words.slice(1));
  if (!NODE_TESTS) {
    console.error(
      "expected ONNX's node tests: apt-get install libonnx-testdata, or VITRINE_ONNX_DATA for the folder with node/ in it",
    );
    return 1;
  }
  const device = await requestDevice(await createGpu());
  const counts = { right: 0, refused: 0, wrong: 0, unknown: 0 };
  const lacking = new Set<string>();
  for (const name of nodeTests().filter((test) => words.every((word) => test.includes(word)))) {
    const result = await runNodeTest(device, name);
    const outcome = result.outcome === "refused" && !isSupported(result) ? "unknown" : result.outcome;
    counts[outcome]++;
    if (outcome === "unknown") {
      for (const operator of result.operators) if (!OPERATORS.has(operator)) lacking.add(operator);
    } else
      console.log(
        `${outcome.padEnd(8)}${name} (${result.operators}, opset ${result.opset}): ${result.detail}`,
      );
  }
  const { right, wrong, refused, unknown } = counts;
  console.log(`${right} right, ${wrong} wrong, ${refused} refused of operators that are read`);
  if (unknown > 0)
    console.log(`${unknown} others; operators that are not read: ${[...lacking].sort().join(", ")}`);
  device.destroy();
  return wrong > 0 || right + refused + unknown === 0 ? 1 : 0;
}
