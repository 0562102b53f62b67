import { requestDevice } from "../src/gpu/device.ts";
import { createGpu } from "../src/node/gpu.ts";
import { isSupported, NODE_TESTS, nodeTests, runNodeTest } from "./models/onnx/node-tests.ts";

/** Runs the ONNX project's own tests of single operators: `npm run verify:onnx [-- WORDS]`. */
export async function main(words: readonly string[]): Promise<number> {
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
