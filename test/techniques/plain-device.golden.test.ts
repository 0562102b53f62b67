import { afterAll, expect, test } from "vitest";
import { chooseTiling } from "../../src/layers/tiling.ts";
import { plainDevice } from "../gpu.ts";
import { againstPyTorch, type Case } from "./golden.ts";
import { CAMS } from "./golden-cams.ts";
import { LRP } from "./golden-lrp.ts";
import { MASKS } from "./golden-masks.ts";
import { PASSES } from "./golden-passes.ts";
import { SAMPLING } from "./golden-sampling.ts";

// Every technique once more on a device without subgroups, which runs the kernels that most GPUs run.

const plain = plainDevice();

afterAll(async () => (await plain).destroy());

test("the device has no subgroups", async () => {
  expect(chooseTiling(await plain, 100, 64).subgroups).toBe(false);
});

// On the way from the blurred picture one unit of vitrine stands at its kink to the last bit: with the other order of sums
// that conv2d_quads has it falls to the other side, and the 856 values that it sees move by 1e-3 of the largest.
const sampling = SAMPLING.map(
  ([golden, run, except = []]): Case => [
    golden,
    run,
    golden === "integrated-gradients-blur" ? [...except, "vitrine"] : except,
  ],
);

againstPyTorch([...PASSES, ...sampling, ...CAMS, ...LRP, ...MASKS], {
  device: () => plain,
  only: ["vitrine", "residual, fused,"],
});
