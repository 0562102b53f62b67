import { readdirSync, readFileSync } from "node:fs";
import { requestDevice } from "../src/gpu/device.ts";
import { createGpu } from "../src/node/gpu.ts";
import { isSupported, NODE_TESTS, nodeTests, runNodeTest } from "./models/onnx/node-tests.ts";
import { differenceFromOnnxRuntime, SHARED_ONNX, withLogits, withNoise } from "./models/onnx/onnxruntime.ts";

/** Compares the light graphs, with noise for weights, with ONNX Runtime. */
async function lightGraphs(words: readonly string[]): Promise<number> {
  const device = await requestDevice(await createGpu());
  const folder = `${SHARED_ONNX}light/`;
  let far = 0;
  for (const name of readdirSync(folder).filter((file) => words.every((word) => file.includes(word)))) {
    const bytes = withLogits(withNoise(new Uint8Array(readFileSync(`${folder}${name}`))));
    const difference = await differenceFromOnnxRuntime(device, bytes);
    console.log(
      `${name}: logits differ from ONNX Runtime's by ${difference.toExponential(1)} of the largest`,
    );
    if (!(difference < 1e-4)) far++;
  }
  device.destroy();
  return far > 0 ? 1 : 0;
}

/**
 * Runs the ONNX project's own tests of single operators: `npm run verify:onnx [-- WORDS]`. With the word "light" first, its
 * light graphs instead, beside ONNX Runtime.
 */
export async function main(words: readonly string[]): Promise<number> {
  if (words[0] === "light") return lightGraphs(words.slice(1));
  if (!NODE_TESTS) {
    console.error("expected the node tests of ONNX; on Debian: apt-get install libonnx-testdata");
    return 1;
  }
  const device = await requestDevice(await createGpu());
  const counts = { right: 0, refused: 0, wrong: 0, unknown: 0 };
  const lacking = new Set<string>();
  for (const name of nodeTests().filter((test) => words.every((word) => test.includes(word)))) {
    const result = await runNodeTest(device, name);
    const outcome = result.outcome === "refused" && !isSupported(result) ? "unknown" : result.outcome;
    counts[outcome]++;
    if (outcome === "unknown") for (const operator of result.operators) lacking.add(operator);
    else
      console.log(
        `${outcome.padEnd(8)}${name} (${result.operators}, opset ${result.opset}): ${result.detail}`,
      );
  }
  const { right, wrong, refused, unknown } = counts;
  console.log(`${right} right, ${wrong} wrong, ${refused} refused of operators that are read`);
  console.log(`${unknown} of operators that are not: ${[...lacking].join(", ")}`);
  device.destroy();
  return wrong > 0 ? 1 : 0;
}
