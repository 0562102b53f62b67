import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { createTensor, readTensors } from "../../src/gpu/tensor.ts";
import { createRelu, createReluGradient, reluMaskShape } from "../../src/kernels/guided-relu.ts";
import { type BackwardRule, PASS, RULE_CODES } from "../../src/layers/activation-gradient.ts";
import { testDevice } from "../gpu.ts";
import { submit } from "../layers/run.ts";
import { numbers } from "../reference/numbers.ts";

/** A ReLU and its backward pass by its output and by its mask. */
async function bothWays(x: Float32Array, dy: Float32Array, rule: BackwardRule | "pass") {
  const code = rule === "pass" ? PASS : RULE_CODES[rule];
  const device = await testDevice();
  const shape = [x.length];
  const tensors = {
    x: createTensor(device, shape, { data: x }),
    y: createTensor(device, shape),
    mask: createTensor(device, reluMaskShape(shape), { dtype: "u32" }),
    dy: createTensor(device, shape, { data: dy }),
    byOutput: createTensor(device, shape),
    byMask: createTensor(device, shape),
    rule: createTensor(device, [1], { dtype: "u32", data: Uint32Array.of(code) }),
  };
  const { buffer } = tensors.rule;
  const commands = [
    await createRelu(device, { x: tensors.x, y: tensors.y, mask: tensors.mask }),
    await createReluGradient(device, { a: tensors.y, dy: tensors.dy, dx: tensors.byOutput, rule: buffer }),
    await createReluGradient(device, {
      mask: tensors.mask,
      dy: tensors.dy,
      dx: tensors.byMask,
      rule: buffer,
    }),
  ];
  await submit(...commands);
  const [y, byOutput, byMask] = await readTensors(device, [tensors.y, tensors.byOutput, tensors.byMask]);
  const [mask] = await readTensors(device, [tensors.mask]);
  for (const command of commands) command.destroy();
  for (const tensor of Object.values(tensors)) tensor.buffer.destroy();
  return { y, mask, byOutput: plus0(byOutput), byMask: plus0(byMask) };
}

/** Without negative zeros. */
function plus0(values: ArrayLike<number> = []): number[] {
  return Array.from(values, (value) => value + 0);
}

describe("a ReLU's mask", () => {
  test("is a bit an element, and takes each rule back as the output does, whatever the size", async () => {
    const sizes = fc.constantFrom(1, 3, 31, 32, 33, 64, 100, 1023, 1024, 1025, 4096);
    const rules = fc.constantFrom<BackwardRule | "pass">("gradient", "guided", "deconvnet", "pass");
    await fc.assert(
      fc.asyncProperty(sizes, rules, async (size, rule) => {
        const x = numbers(size, size).map((v) => (Math.abs(v) < 0.1 ? 0 : v));
        const dy = numbers(size, 5);
        const { y, mask, byOutput, byMask } = await bothWays(x, dy, rule);
        expect([...(y ?? [])]).toEqual([...x].map((v) => Math.max(0, v)));
        const bits = Array.from({ length: Math.ceil(size / 32) * 32 }, (_, i) =>
          Number(((mask?.[Math.floor(i / 32)] ?? 0) >>> (i % 32)) & 1),
        );
        expect(bits).toEqual(bits.map((_, i) => Number((x[i] ?? 0) > 0)));
        const expected = Array.from(dy, (v, i) => {
          if (rule === "pass") return v;
          const signal = rule === "gradient" ? v : Math.max(0, v);
          return rule === "deconvnet" || (x[i] ?? 0) > 0 ? signal : 0;
        });
        expect(byOutput).toEqual(expected);
        expect(byMask).toEqual(expected);
      }),
      { numRuns: 24, seed: 4 },
    );
  });

  test("must fit", async () => {
    const device = await testDevice();
    const [x, y] = [createTensor(device, [40]), createTensor(device, [40])];
    const mask = createTensor(device, [1], { dtype: "u32" });
    const rule = mask.buffer;
    await expect(createRelu(device, { x, y, mask })).rejects.toThrow(InputError);
    await expect(createRelu(device, { x, y, mask })).rejects.toThrow(/mask of shape 2, u32, got 1, u32/);
    await expect(createReluGradient(device, { mask, dy: x, dx: y, rule })).rejects.toThrow(/mask of shape 2/);
    await expect(createRelu(device, { x, y: { ...y, shape: [39] } })).rejects.toThrow(/y of x's shape 40/);
    for (const { buffer } of [x, y, mask]) buffer.destroy();
  });
});
