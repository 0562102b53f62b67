import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { readTensor } from "../../src/gpu/tensor.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { PICTURE_FITS, PREPROCESSINGS, type Preprocessing } from "../../src/graph/preprocessing.ts";
import { pixelsFromImageData } from "../../src/images/pixels.ts";
import { preprocess } from "../../src/images/preprocess.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { createFrameInput } from "../../src/network/frames.ts";
import { testDevice } from "../gpu.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});
const freed: { destroy(): void }[] = [];
afterAll(() => {
  for (const one of freed) one.destroy();
});

/** A network that takes images in, and a pooling behind. */
function eye(shape: readonly [number, number, number], preprocessing: Partial<Preprocessing>): Graph {
  return {
    name: "eye",
    layers: [
      { op: "input", name: "x", inputs: [], shape },
      { op: "globalPool", name: "mean", inputs: ["x"], mode: "average" },
    ],
    output: "mean",
    preprocessing: { ...PREPROCESSINGS.unit, source: "given", ...preprocessing },
  };
}

/** RGBA values without a pattern that a shift would keep. */
const rgba = (width: number, height: number) =>
  Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) =>
    i % 4 === 3 && i % 7 < 5 ? 255 : (i * i * 31 + i * 17) % 256,
  );

/** The network's input after a frame was written and recorded. */
async function fitted(graph: Graph, width: number, height: number): Promise<Float32Array> {
  const network = await createNetwork(device, graph);
  const frames = await createFrameInput(network, { width, height });
  freed.push(network, frames);
  const data = rgba(width, height);
  device.queue.writeTexture({ texture: frames.texture }, data, { bytesPerRow: width * 4 }, [width, height]);
  const encoder = device.createCommandEncoder();
  frames.record(encoder);
  device.queue.submit([encoder.finish()]);
  return readTensor(device, network.input);
}

describe("a frame on the GPU is the input that the processor makes of it", () => {
  const sizes = [
    [70, 13],
    [5, 9],
    [6, 6],
    [1, 1],
  ] as const;
  for (const fit of PICTURE_FITS) {
    test.each(sizes)(`${fit}, from %d×%d`, async (width, height) => {
      for (const graph of [
        eye([6, 6, 3], { ...PREPROCESSINGS.imagenet, fit }),
        eye([5, 7, 1], { mean: [0.5], std: [0.25], fit }),
        eye([6, 6, 3], { ...PREPROCESSINGS.none, fit, resize: 8 }),
      ]) {
        const image = { width, height, data: rgba(width, height) };
        const expected = preprocess(pixelsFromImageData(image), graph);
        const found = await fitted(graph, width, height);
        const { range, std } = graph.preprocessing;
        expect(found).toHaveLength(expected.length);
        // A thousandth of what 0…255 becomes.
        const slack = (0.001 * 255) / range / Math.min(...std);
        for (const [i, value] of expected.entries()) {
          expect(Math.abs(value - (found[i] ?? Number.NaN))).toBeLessThanOrEqual(slack);
        }
      }
    });
  }
});

test("what cannot be is refused", async () => {
  const network = await createNetwork(device, eye([6, 6, 3], {}));
  freed.push(network);
  await expect(createFrameInput(network, { width: 0, height: 4 })).rejects.toThrow(InputError);
  await expect(createFrameInput(network, { width: 4, height: 1e6 })).rejects.toThrow(
    /1 to \d+ pixels a side/,
  );
  const frames = await createFrameInput(network, { width: 4, height: 4 });
  freed.push(frames);
  expect(() => frames.write({ width: 4, height: 4 } as unknown as ImageBitmap)).toThrow(
    /expected a video, its frame, a canvas or a bitmap, got Object/,
  );
  const two = await createNetwork(device, eye([6, 6, 2], { mean: [0, 0], std: [1, 1] }));
  freed.push(two);
  await expect(createFrameInput(two, { width: 4, height: 4 })).rejects.toThrow(UnsupportedError);
});
