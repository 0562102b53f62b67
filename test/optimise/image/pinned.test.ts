import { expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import { withScope } from "../../../src/gpu/scope.ts";
import { readTensor } from "../../../src/gpu/tensor.ts";
import { pinnedImage } from "../../../src/optimise/image/pinned.ts";
import { pixelImage } from "../../../src/optimise/image/pixels.ts";
import { testDevice } from "../../gpu.ts";

const SHAPE = [2, 3, 2] as const;
const mask = [0, 1, 0.25, 1, 0, 0.5];
const picture = Array.from({ length: 12 }, (_, i) => i / 10);
const start = Array.from({ length: 24 }, (_, i) => Math.sin(i));

test.each([
  ["pixels are the picture where the mask says, and the gradient goes to the rest", picture],
  ["without a picture they stay as they are, and the gradient goes to the rest too", undefined],
])("%s", async (_, picture) => {
  const device = await testDevice();
  await withScope(device, "pinned test", async ({ tensor, command }) => {
    const numbers = tensor([2], { dtype: "u32", data: Uint32Array.of(0, 1) });
    const kind = pinnedImage(pixelImage({ start }), { mask, picture });
    const image = await command(kind.create({ device, images: 2, shape: SHAPE, numbers, seed: 0 }));
    const gradient = Float32Array.from({ length: 24 }, (_, i) => Math.cos(i));
    device.queue.writeBuffer(image.pixelGradient.buffer, 0, gradient);
    const encoder = device.createCommandEncoder();
    image.start(encoder);
    image.draw(encoder);
    image.back(encoder);
    device.queue.submit([encoder.finish()]);
    const pixels = await readTensor(device, image.pixels);
    const back = await readTensor(device, image.gradient);
    for (let i = 0; i < 24; i++) {
      const m = mask[Math.floor((i % 12) / 2)] ?? Number.NaN;
      const fixed = picture?.[i % 12] ?? start[i] ?? Number.NaN;
      const expected = (1 - m) * (start[i] ?? 0) + m * fixed;
      expect(Math.abs((pixels[i] ?? Number.NaN) - expected)).toBeLessThan(1e-6);
      expect(Math.abs((back[i] ?? Number.NaN) - (1 - m) * Math.cos(i))).toBeLessThan(1e-6);
    }
  });
});

test("a mask beyond 0…1, odd numbers and another size are refused", async () => {
  const kind = pixelImage();
  expect(() => pinnedImage(kind, { mask: [2], picture })).toThrow(InputError);
  expect(() => pinnedImage(kind, { mask, picture: [Number.NaN] })).toThrow("a picture of finite numbers");
  const device = await testDevice();
  await withScope(device, "pinned test", async ({ tensor }) => {
    const numbers = tensor([1], { dtype: "u32" });
    const made = pinnedImage(kind, { mask: [1], picture });
    await expect(made.create({ device, images: 1, shape: SHAPE, numbers, seed: 0 })).rejects.toThrow(
      "expected a mask of 2×3 and a picture of 2×3×2, got 1 and 12 numbers",
    );
  });
});
