import { describe, expect, test } from "vitest";
import { testDevice } from "../../gpu.ts";
import { isSupported, NODE_TESTS, nodeTests, runNodeTest } from "./node-tests.ts";

/** Every so many of the tests is in the sample. All of them: `npm run verify:onnx`. */
const STEP = 6;

// ONNX's own tests of single operators, in Debian's package libonnx-testdata.
describe.skipIf(!NODE_TESTS)("a sample of ONNX's node tests", () => {
  test("none is answered wrongly, and those of operators that are read are right or refused", async () => {
    const device = await testDevice();
    const found: string[] = [];
    let right = 0;
    for (const name of nodeTests().filter((_, index) => index % STEP === 0)) {
      const result = await runNodeTest(device, name);
      if (result.outcome === "wrong") found.push(`${name}: ${result.detail}`);
      if (result.outcome === "right" && isSupported(result)) right++;
    }
    expect(found).toEqual([]);
    expect(right).toBeGreaterThanOrEqual(75);
  });
});
