import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { channelMean, channelOfEach, logit } from "../../src/objectives/objective.ts";
import { type AscendOptions, ascend } from "../../src/optimise/ascend.ts";
import { pixelImage } from "../../src/optimise/image/pixels.ts";
import { gradientAscent } from "../../src/optimise/optimisers/gradient-ascent.ts";
import { testDevice } from "../gpu.ts";
import { chain } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

let device: GPUDevice;
let networks: Networks;

beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, chain());
});
afterAll(() => networks.destroy());

const CLIMB = {
  objective: channelMean("conv2", 1),
  image: pixelImage({ range: "input", noise: 0.5 }),
  optimiser: gradientAscent({ rate: 0.05 }),
  steps: 3,
} satisfies AscendOptions;

test("a layer inside is asked on a network that ends there, at any size", async () => {
  const { pixels, shape } = await ascend(networks, { ...CLIMB, networkSize: [11, 7] });
  expect(shape).toEqual([11, 7, 3]);
  expect(pixels.every(Number.isFinite)).toBe(true);
  // The logits hold the network to its size.
  await expect(ascend(networks, { ...CLIMB, objective: logit(1), networkSize: [11, 7] })).rejects.toThrow(
    InputError,
  );
});

test("images that want different things come out as each does alone, however many fit together", async () => {
  const channels = [2, 0, 4];
  const each = {
    ...CLIMB,
    objective: (numbers: readonly number[]) => channelOfEach("conv2", numbers),
  };
  const all = await ascend(networks, { ...each, numbers: channels });
  const size = all.pixels.length / channels.length;
  for (const [n, channel] of channels.entries()) {
    const alone = await ascend(networks, { ...each, numbers: [channel] });
    expect(alone.pixels).toEqual(all.pixels.subarray(n * size, (n + 1) * size));
    expect(alone.curves[0]).toEqual(all.curves[n]);
  }
  expect(all.curves.length).toBe(3);
});

test("pictures of images that come later are zero until they climb, and progress is of all", async () => {
  const told: number[] = [];
  const seen: number[] = [];
  await ascend(networks, {
    ...CLIMB,
    ...{ numbers: [0, 1], every: 1 },
    onProgress: (done) => told.push(done),
    onPicture: ({ pixels }) => seen.push(pixels.length),
  });
  expect(told.at(-1)).toBe(1);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(new Set(seen)).toEqual(new Set([2 * 8 * 6 * 3]));
});

describe("what cannot be right", () => {
  test.each<[string, Partial<AscendOptions>, RegExp]>([
    ["views of 0", { views: 0 }, /ascend: expected views of at least 1, got 0/],
    ["no image", { numbers: [] }, /ascend: expected at least one image, got none/],
    ["a layer that there is not", { objective: channelMean("nowhere", 0) }, /"nowhere"/],
    ["a channel that there is not", { objective: channelMean("conv2", 9) }, /channel of 0 to 4, got 9/],
  ])("%s", async (_, wrong, message) => {
    const { left, result } = await liveBytes(device, () =>
      ascend(networks, { ...CLIMB, ...wrong }).catch((error: unknown) => error),
    );
    expect(result).toBeInstanceOf(InputError);
    expect((result as Error).message).toMatch(message);
    expect(left).toBe(0);
  });
});
