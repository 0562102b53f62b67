import { expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor } from "../../src/gpu/tensor.ts";
import { createCast } from "../../src/kernels/cast.ts";
import { testDevice } from "../gpu.ts";
import { submit } from "../layers/run.ts";

const HALVES = (await testDevice()).features.has("shader-f16");

/** The nearest half, ties to even, for magnitudes that a half can hold. */
function nearestHalf(value: number): number {
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1))) - 10);
  const whole = Math.floor(value / unit);
  const rest = value / unit - whole;
  return (whole + Number(rest > 0.5 || (rest === 0.5 && whole % 2 !== 0))) * unit;
}

test.skipIf(!HALVES)("gives every value its nearest half, an odd number of them too", async () => {
  const device = await testDevice();
  const data = Float32Array.of(0, 1, -2.5, 1 / 3, 65504, 6.1e-5, 1e-6, -1234.567, 2049);
  const x = createTensor(device, [data.length], { data });
  const half = createTensor(device, [data.length], { dtype: "f16" });
  const back = createTensor(device, [data.length]);
  const [narrow, widen] = [
    await createCast(device, { x, y: half }),
    await createCast(device, { x: half, y: back }),
  ];
  await submit(narrow, widen);
  expect([...(await readTensor(device, back))]).toEqual(Array.from(data, nearestHalf));
  await expect(readTensor(device, half)).rejects.toThrow(
    new InputError("read: expected tensors of f32 or u32, got f16; cast it with createCast() first"),
  );
  for (const command of [narrow, widen]) command.destroy();
  for (const { buffer } of [x, half, back]) buffer.destroy();
});

test("says what does not fit", async () => {
  const device = await testDevice();
  const [x, y] = [createTensor(device, [3]), createTensor(device, [4])];
  await expect(createCast(device, { x, y })).rejects.toThrow("cast: expected y of shape 3, got 4");
  expect(() => createTensor(device, [2], { dtype: "f16", data: new Float32Array(2) })).toThrow(
    /expected no data for f16.*createCast/,
  );
  const plain = { features: new Set<string>() } as unknown as GPUDevice;
  await expect(createCast(plain, { x, y: { ...x, dtype: "f16" } })).rejects.toThrow(UnsupportedError);
  for (const { buffer } of [x, y]) buffer.destroy();
});
