import { beforeAll, describe, expect, test } from "vitest";
import * as vitrine from "../../src/bundle.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";
import { ALLOCATIONS, COMPILATIONS, type FailingDevice, failingDevice } from "./failing-device.ts";

/** Convolution with its ReLU, pooling, a sum, dense, softmax. */
function small(): vitrine.Graph {
  const next = random(3);
  const conv = { strides: [1, 1], dilations: [1, 1], padding: "same", activation: { kind: "relu" } } as const;
  return graph("small", [
    { op: "input", name: "image", inputs: [], shape: [6, 6, 3] },
    {
      op: "conv2d",
      name: "conv",
      inputs: ["image"],
      ...conv,
      w: constant([3, 3, 3, 4], next),
      b: constant([4], next),
    },
    { op: "activation", name: "relu", inputs: ["conv"], activation: { kind: "relu" } },
    { op: "add", name: "sum", inputs: ["conv", "relu"] },
    {
      op: "pool",
      name: "pool",
      inputs: ["sum"],
      mode: "max",
      size: [2, 2],
      strides: [2, 2],
      padding: "valid",
    },
    { op: "reshape", name: "flat", inputs: ["pool"], shape: [36] },
    { op: "dense", name: "logits", inputs: ["flat"], w: constant([36, 3], next), b: constant([3], next) },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
}

/** A network from a picture to a picture. */
function drawing(): vitrine.Graph {
  const conv = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
  return graph("drawing", [
    { op: "input", name: "image", inputs: [], shape: [6, 6, 3] },
    { op: "conv2d", name: "picture", inputs: ["image"], ...conv, w: constant([3, 3, 3, 3], random(5)) },
  ]);
}

/** What is there before something is made. */
interface Site {
  readonly device: GPUDevice;
  /** A tensor that the test frees. */
  tensor<D extends "f32" | "u32" = "f32">(shape: vitrine.Shape, dtype?: D): vitrine.Tensor<D>;
  network(): Promise<vitrine.Network>;
}

/** Prepares what is borrowed, and returns what makes the thing. */
type Maker = (site: Site) => Promise<() => unknown> | (() => unknown);

/** One image of four channels. */
const SHAPE = [1, 4, 4, 4] as const;

/** Every `create…` that the package exports; what is missing here fails the first test. */
const MAKERS: Readonly<Record<string, Maker>> = {
  createActivationGradient: ({ device, tensor }) => {
    const [a, dy, dx] = [tensor(SHAPE), tensor(SHAPE), tensor(SHAPE)];
    const rule = tensor([1], "u32").buffer;
    return () => vitrine.createActivationGradient(device, { activation: { kind: "relu" }, a, dy, dx, rule });
  },
  createAscent: async ({ network }) => {
    const one = await network();
    const [image, optimiser] = [vitrine.pixelImage({ noise: 0.1 }), vitrine.adam()];
    return () => vitrine.createAscent(one, { objective: vitrine.logit(1), image, optimiser });
  },
  createAttribution: async ({ network }) => {
    const one = await network();
    const image = new Float32Array(6 * 6 * 3).fill(0.5);
    return () => vitrine.createAttribution(one, "smoothgrad", image, { target: 1, samples: 2 });
  },
  createCast: ({ device, tensor }) => {
    const [x, y] = [tensor(SHAPE), tensor(SHAPE)];
    return () => vitrine.createCast(device, { x, y });
  },
  createClassActivationMap: ({ device, tensor }) => {
    const [a, g, y] = [tensor(SHAPE), tensor(SHAPE), tensor([4, 4])];
    return () => vitrine.createClassActivationMap(device, { a, g, y });
  },
  createCoMoments: ({ device, tensor }) => {
    const [x, summary, comoments] = [
      tensor(SHAPE),
      vitrine.createStatisticsSummary(device, 4),
      tensor([4, 4]),
    ];
    return () => vitrine.createCoMoments(device, { x, summary, comoments });
  },
  createFrameInput: async ({ network }) => {
    const one = await network();
    return () => vitrine.createFrameInput(one, { width: 8, height: 6 });
  },
  createGradCam: async ({ network }) => {
    const one = await network();
    return () => vitrine.createGradCam(one);
  },
  createGram: ({ device, tensor }) => {
    const [x, y] = [tensor(SHAPE), tensor(vitrine.gramShape(SHAPE))];
    return () => vitrine.createGram(device, { x, y });
  },
  createGramGradient: ({ device, tensor }) => {
    const [x, dx] = [tensor(SHAPE), tensor(SHAPE)];
    const dy = tensor(vitrine.gramShape(SHAPE));
    return () => vitrine.createGramGradient(device, { x, dy, dx });
  },
  createHistogram: ({ device, tensor }) => {
    const [x, buffers] = [tensor(SHAPE), vitrine.createHistogramBuffers(device, 4)];
    return () => vitrine.createHistogram(device, { x, ...buffers });
  },
  createHistogramBuffers:
    ({ device }) =>
    () =>
      vitrine.createHistogramBuffers(device, 4),
  createHistogramRange: ({ device }) => {
    const [summary, buffers] = [
      vitrine.createStatisticsSummary(device, 4),
      vitrine.createHistogramBuffers(device, 4),
    ];
    return () => vitrine.createHistogramRange(device, { summary, ...buffers });
  },
  createIrfft2: ({ device, tensor }) => {
    const [x, y] = [tensor(vitrine.spectrumShape(SHAPE)), tensor(SHAPE)];
    return () => vitrine.createIrfft2(device, { x, y });
  },
  createIrfft2Gradient: ({ device, tensor }) => {
    const [dy, dx] = [tensor(SHAPE), tensor(vitrine.spectrumShape(SHAPE))];
    return () => vitrine.createIrfft2Gradient(device, { dy, dx });
  },
  createLayer: ({ device, tensor }) => {
    const layer = small().layers.find(({ name }) => name === "conv") as vitrine.OpLayer;
    const [x, y, summary] = [
      tensor([1, 6, 6, 3]),
      tensor([1, 6, 6, 4]),
      vitrine.createStatisticsSummary(device, 4),
    ];
    return () => vitrine.createLayer(device, layer, { x: [x], y, statistics: { summary, fused: false } });
  },
  createMoments: ({ device, tensor }) => {
    const [summary, y] = [vitrine.createStatisticsSummary(device, 4), tensor([5, 4])];
    return () => vitrine.createMoments(device, { summary, y });
  },
  createNetwork:
    ({ device }) =>
    () =>
      vitrine.createNetwork(device, small(), { keep: [] }),
  createNetworks:
    ({ device }) =>
    async () => {
      const networks = vitrine.createNetworks(device, small());
      try {
        await networks.of({ keep: [] });
        return networks;
      } catch (error) {
        // Weights stay for the next network that is asked for, as long as the pool does.
        networks.destroy();
        throw error;
      }
    },
  createObjective: async ({ network }) => {
    const one = await network();
    return () => vitrine.createObjective(one, vitrine.probability(1).plus(vitrine.normObjective("conv")));
  },
  createOcclusion: async ({ network }) => {
    const one = await network();
    return () => vitrine.createOcclusion(one, vitrine.probability(1), { patch: 2, stride: 2 });
  },
  createRandomisedNetwork: async ({ network }) => {
    const one = await network();
    return () => vitrine.createRandomisedNetwork(one);
  },
  createRelevance: async ({ network }) => {
    const one = await network();
    return () => vitrine.createRelevance(one);
  },
  createRelu: ({ device, tensor }) => {
    const [x, y] = [tensor(SHAPE), tensor(SHAPE)];
    return () => vitrine.createRelu(device, { x, y });
  },
  createReluGradient: ({ device, tensor }) => {
    const [dy, dx, mask] = [tensor(SHAPE), tensor(SHAPE), tensor(vitrine.reluMaskShape(SHAPE), "u32")];
    const rule = tensor([1], "u32").buffer;
    return () => vitrine.createReluGradient(device, { dy, dx, mask, rule });
  },
  createRfft2: ({ device, tensor }) => {
    const [x, y] = [tensor(SHAPE), tensor(vitrine.spectrumShape(SHAPE))];
    return () => vitrine.createRfft2(device, { x, y });
  },
  createRfft2Gradient: ({ device, tensor }) => {
    const [dy, dx] = [tensor(vitrine.spectrumShape(SHAPE)), tensor(SHAPE)];
    return () => vitrine.createRfft2Gradient(device, { dy, dx });
  },
  createStatistics: ({ device, tensor }) => {
    const [x, summary] = [tensor(SHAPE), vitrine.createStatisticsSummary(device, 4)];
    return () => vitrine.createStatistics(device, { x, summary });
  },
  createStatisticsStream: ({ device, tensor }) => {
    const x = tensor(SHAPE);
    const options = { histogram: { range: [0, 1] as const }, top: { k: 2 }, correlation: true };
    return () => vitrine.createStatisticsStream(device, x, options);
  },
  createStatisticsSummary:
    ({ device }) =>
    () =>
      vitrine.createStatisticsSummary(device, 4),
  createStylist:
    ({ device }) =>
    async () => {
      const networks = vitrine.createNetworks(device, drawing());
      const size = { width: 6, height: 6 };
      const stylist = await vitrine.createStylist(networks, size, { output: [0, 1] }).catch((error) => {
        networks.destroy();
        throw error;
      });
      const destroy = () => {
        stylist.destroy();
        networks.destroy();
      };
      return { ...stylist, destroy };
    },
  createTensor:
    ({ device }) =>
    () =>
      vitrine.createTensor(device, [3], { data: new Float32Array(3) }),
  createTimer:
    ({ device }) =>
    () =>
      vitrine.createTimer(device, { capacity: 2 }),
  createImageStatistics: ({ device, tensor }) => {
    const [x, y] = [tensor(SHAPE), tensor([7, SHAPE[0] ?? 1, SHAPE.at(-1) ?? 1])];
    return () => vitrine.createImageStatistics(device, { x, y });
  },
  createTsne:
    ({ device }) =>
    () =>
      vitrine.createTsne(
        device,
        { data: Float32Array.from({ length: 36 }, (_, i) => (i * 7) % 11), shape: [12, 3] },
        { perplexity: 2 },
      ),
  createTopK: ({ device, tensor }) => {
    const [x, top] = [tensor(SHAPE), vitrine.createTopKBuffer(device, 4, 2)];
    return () => vitrine.createTopK(device, { x, top, k: 2 });
  },
  createTopKBuffer:
    ({ device }) =>
    () =>
      vitrine.createTopKBuffer(device, 4),
};

let real: GPUDevice;

beforeAll(async () => {
  real = await testDevice();
});

/** Frees what a `create…` returned: an owner, a tensor, or several tensors. */
function free(made: unknown): void {
  if (typeof made !== "object" || made === null) return;
  if ("destroy" in made) (made as { destroy(): void }).destroy();
  else if ("buffer" in made) (made as vitrine.Tensor).buffer.destroy();
  else for (const part of Object.values(made)) free(part);
}

test("every create… of the package is made to fail here", () => {
  const exported = Object.keys(vitrine).filter((name) => /^create[A-Z]/.test(name));
  expect(exported.sort()).toEqual(Object.keys(MAKERS).sort());
});

/** Prepares what is borrowed on a device of its own. */
async function siteOf(maker: Maker): Promise<{ failing: FailingDevice; make(): unknown; free(): void }> {
  const failing = failingDevice(real);
  const { device } = failing;
  const held: { destroy(): void }[] = [];
  const make = await maker({
    device,
    tensor: <D extends "f32" | "u32" = "f32">(shape: vitrine.Shape, dtype = "f32" as D) => {
      const made = vitrine.createTensor<D>(device, shape, { dtype });
      held.push(made.buffer);
      return made;
    },
    async network() {
      const made = await vitrine.createNetwork(device, small());
      held.push(made);
      return made;
    },
  });
  return {
    failing,
    make,
    free() {
      for (const one of held) one.destroy();
    },
  };
}

/** Makes the thing with its n-th step failing. @returns whether it had so many. */
async function failsAt(
  step: number,
  kinds: Parameters<FailingDevice["arm"]>[1],
  { failing, make }: Awaited<ReturnType<typeof siteOf>>,
): Promise<boolean> {
  failing.arm(step, kinds);
  const { left, objects, result } = await liveBytes(failing.device, async () => {
    try {
      free(await make());
      return undefined;
    } catch (error) {
      return error;
    } finally {
      failing.disarm();
    }
  });
  const failed = failing.failed();
  expect({ step, failed, left, objects }).toEqual({ step, failed, left: 0, objects: 0 });
  if (failed !== undefined) expect(String(result), failed).toMatch(/on purpose/);
  else if (result !== undefined) throw result;
  return failed !== undefined;
}

describe.each(Object.entries(MAKERS))("%s leaves nothing behind", (name, maker) => {
  test("whichever of its steps fails", async ({ skip }) => {
    skip(name === "createTimer" && !real.features.has("timestamp-query"), "this adapter has no timestamps");
    // One compiles first, so that the steps are always the same.
    const site = await siteOf(maker);
    await failsAt(Number.POSITIVE_INFINITY, [], site);
    let steps = 0;
    while (await failsAt(steps + 1, ALLOCATIONS, site)) steps++;
    expect(steps).toBeGreaterThan(0);
    site.free();
    for (let more = true, step = 1; more; step++) {
      const fresh = await siteOf(maker);
      more = await failsAt(step, COMPILATIONS, fresh);
      fresh.free();
    }
  });
});
