import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordCommands } from "../../src/gpu/command.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { asNhwc, readTensors } from "../../src/gpu/tensor.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network, Target } from "../../src/network/network.ts";
import { createObjective } from "../../src/objectives/commands.ts";
import {
  channelObjective,
  elements,
  logit,
  neuronObjective,
  normObjective,
  Objective,
  probability,
  regionObjective,
} from "../../src/objectives/objective.ts";
import { gradCam } from "../../src/techniques/attribution/grad-cam.ts";
import { guidedBackprop } from "../../src/techniques/attribution/guided-backprop.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { submit } from "../../src/techniques/submit.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { branches, chain, graph, random, values } from "../graph/graphs.ts";

let network: Network;
let curved: Network;
const SIZE = 8 * 6 * 3;
const image = values(SIZE, random(21));
const input = values(7 * 7 * 2, random(3));

beforeAll(async () => {
  const device = await testDevice();
  network = await createNetwork(device, { ...chain(), labels: ["cat", "dog", "owl", "eel"] }, { batch: 2 });
  curved = await createNetwork(device, branches());
});
afterAll(() => {
  network.destroy();
  curved.destroy();
});

test.each<Target>([
  { layer: "logits", channel: 2 },
  { layer: "logits", channel: 2, image: 1 },
  { layer: "relu1", y: 3, channel: 1, image: 0 },
  { layer: "pool1", x: 2 },
  { layer: "flatten" },
])("a target is short for the objective of its elements: %o", async (target) => {
  const { device, input } = network;
  const command = await createObjective(network, elements(target));
  device.queue.writeBuffer(input.buffer, 0, values(2 * SIZE, random(5)));
  const gradients: Float32Array[] = [];
  for (const from of [target, command.outputGradients]) {
    submit(network, (encoder) => {
      network.forward(encoder);
      network.backward(encoder, from);
      recordCommands(encoder, [command.score]);
    });
    gradients.push(...(await readTensors(device, [network.gradient("image")])));
  }
  expect(gradients[1]).toEqual(gradients[0]);
  const [found, activation] = await readTensors(device, [command.values, network.activation(target.layer)]);
  command.destroy();
  const [, height = 1, width = 1, channels = 1] = asNhwc(network.activation(target.layer).shape);
  const matches = (at: number, wanted: number | undefined): boolean => wanted === undefined || wanted === at;
  const sums = [0, 1].map((n) =>
    activation.reduce((sum, value, i) => {
      const [c, x] = [i % channels, Math.floor(i / channels) % width];
      const [y, image] = [
        Math.floor(i / (channels * width)) % height,
        Math.floor(i / (channels * width * height)),
      ];
      const asked =
        matches(n, target.image) &&
        matches(y, target.y) &&
        matches(x, target.x) &&
        matches(c, target.channel);
      return image === n && asked ? sum + value : sum;
    }, 0),
  );
  close(found, sums, 4);
});

/** The objective of each image of a batch. */
async function evaluate(
  of: Network,
  objective: Objective,
  images: readonly Float32Array[],
): Promise<number[]> {
  const command = await createObjective(of, objective);
  for (const [i, { buffer, byteOffset, byteLength }] of images.entries()) {
    of.device.queue.writeBuffer(of.input.buffer, i * byteLength, buffer, byteOffset, byteLength);
  }
  submit(of, (encoder) => {
    of.forward(encoder);
    recordCommands(encoder, [command.score]);
  });
  const [found] = await readTensors(of.device, [command.values]);
  command.destroy();
  return [...found];
}

const close = (found: ArrayLike<number>, expected: ArrayLike<number>, digits = 5): void => {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(found[i]).toBeCloseTo(expected[i] ?? Number.NaN, digits);
};

describe("values", () => {
  const other = values(SIZE, random(5));
  const read = async (layer: string, of: Float32Array) => (await activations(network, of, { layer })).data;

  test("are what the objectives say, for each image of the batch", async () => {
    for (const [place, one] of [image, other].entries()) {
      const at = async (objective: Objective) => (await evaluate(network, objective, [image, other]))[place];
      const [logits, softmax, relu] = [
        await read("logits", one),
        await read("softmax", one),
        await read("relu1", one),
      ];
      const close = (found: number | undefined, expected: number | undefined) =>
        expect((found ?? 0) / (expected ?? 1)).toBeCloseTo(1, 5);
      close(await at(logit("owl")), logits[2]);
      close(await at(probability(1)), softmax[1]);
      close(
        await at(neuronObjective("relu1", 3, 2, 1).plus(logit(0))),
        (relu[(3 * 6 + 2) * 4 + 1] ?? 0) + (logits[0] ?? 0),
      );
      close(
        await at(channelObjective("relu1", 3)),
        relu.reduce((sum, v, i) => sum + (i % 4 === 3 ? v : 0), 0),
      );
      close(
        await at(normObjective("relu1")),
        relu.reduce((sum, v) => sum + (v * v) / 2, 0),
      );
      close(
        await at(logit(1).minus(probability(3).times(2)).times(0.5)),
        ((logits[1] ?? 0) - 2 * (softmax[3] ?? 0)) / 2,
      );
    }
  });

  test("of a region are the class's scores weighed by the mask", async () => {
    const maps = await createNetwork(await testDevice(), graph("maps", chain().layers.slice(0, 2)));
    const mask = values(48, random(8));
    const { data } = await activations(maps, image, { layer: "conv1" });
    const expected = mask.reduce((sum, weight, place) => sum + weight * (data[4 * place + 2] ?? 0), 0);
    close(await evaluate(maps, regionObjective(mask, 2), [image]), [expected]);
    const { data: gradient } = await saliency(maps, image, { target: regionObjective(mask, 2).times(3) });
    close(
      [gradient.reduce((sum, g, i) => sum + g * (image[i] ?? 0), 0)],
      [3 * (await atZero(maps, mask, expected))],
      4,
    );
    // Each term keeps its own mask, whichever stands first.
    const other = values(48, random(9));
    const placed = [mask, other].map((of) => (place: number) => of[place] ?? 0);
    const both = data.reduce((sum, value, i) => {
      const [first = 0, second = 0] = placed.map((at) => at(Math.floor(i / 4)));
      return sum + value * (i % 4 === 2 ? first : i % 4 === 1 ? -2 * second : 0);
    }, 0);
    const sum = regionObjective(mask, 2).minus(regionObjective(other, 1).times(2));
    close(await evaluate(maps, sum, [image]), [both]);
    const [one, two, three] = await Promise.all(
      [regionObjective(mask, 2), regionObjective(other, 1), sum].map(
        async (target) => (await saliency(maps, image, { target })).data,
      ),
    );
    close(three ?? [], one?.map((value, i) => value - 2 * (two?.[i] ?? 0)) ?? []);
    await expect(saliency(maps, image, { target: regionObjective([1, 2], 2) })).rejects.toThrow(
      /mask of 8×6 places .* got 2/,
    );
    await expect(saliency(maps, image, { target: logit(1) })).rejects.toThrow(/one score a class/);
    maps.destroy();
  });

  /** conv1 is affine: what remains of a value without its bias. */
  async function atZero(maps: Network, mask: Float32Array, value: number): Promise<number> {
    const [bias = 0] = await evaluate(maps, regionObjective(mask, 2), [new Float32Array(SIZE)]);
    return value - bias;
  }
});

describe("gradients", () => {
  test.each<[string, () => Objective]>([
    ["a logit", () => logit(1)],
    [
      "a sum of terms at several layers",
      () =>
        logit(2)
          .plus(channelObjective("tanh1", 1))
          .minus(neuronObjective("norm1", 2, 3, 0)),
    ],
    ["a probability", () => probability(0).times(3)],
    ["a norm", () => normObjective("sigmoid").times(0.5).plus(normObjective("concat"))],
    ["a layer and its view", () => channelObjective("sigmoid", 2).plus(channelObjective("drop", 2).times(2))],
  ])("of %s are finite differences", async (_, make) => {
    const objective = make();
    const { data } = await saliency(curved, input, { target: objective });
    const scale = data.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    for (const place of [0, 7, 20, 33, 48, 61, 97]) {
      const at = async (by: number): Promise<number> => {
        const moved = input.slice();
        moved[place] = (moved[place] ?? 0) + by;
        return (await evaluate(curved, objective, [moved]))[0] ?? 0;
      };
      const slope = ((await at(0.01)) - (await at(-0.01))) / 0.02;
      expect(Math.abs((data[place] ?? 0) - slope) / scale).toBeLessThan(2e-3);
    }
  });

  test("are linear in the objective", async () => {
    const of = async (target: Objective) => (await saliency(network, image, { target })).data;
    const [a, b] = [await of(logit("cat")), await of(normObjective("relu1"))];
    close(
      await of(logit("cat").times(2).minus(normObjective("relu1"))),
      a.map((v, i) => 2 * v - (b[i] ?? 0)),
      4,
    );
  });

  test("of a logit are those of the class, under every rule", async () => {
    for (const technique of [saliency, guidedBackprop, gradCam]) {
      const byClass = await technique(network, image, { target: "dog" });
      const byObjective = await technique(network, image, { target: logit("dog") });
      expect(byObjective.data).toEqual(byClass.data);
      expect(byObjective.target).toBeInstanceOf(Objective);
    }
  });

  test("of a term below the layer of Grad-CAM are refused", async () => {
    const target = logit(0).plus(channelObjective("conv1", 0));
    await expect(gradCam(network, image, { target, layer: "conv2" })).rejects.toThrow(/leads to "conv1"/);
  });
});

test.each<[string, () => Objective, RegExp]>([
  ["no terms", () => new Objective([]), /at least one term/],
  ["a class out of range", () => logit(4), /class of 0 to 3, got 4/],
  ["an unknown label", () => logit("dodo"), /got "dodo"/],
  ["a channel out of range", () => channelObjective("relu1", 4), /channel of 0 to 3, got 4/],
  ["a place out of range", () => neuronObjective("relu1", 8, 0, 0), /y of 0 to 7, got 8/],
  ["a fraction", () => elements({ layer: "relu1", x: 0.5 }), /x of 0 to 5, got 0.5/],
  ["an unknown layer", () => normObjective("relu9"), /got "relu9"/],
])("%s is refused", async (_, make, message) => {
  await expect(saliency(network, image, { target: make() })).rejects.toThrow(InputError);
  await expect(saliency(network, image, { target: make() })).rejects.toThrow(message);
});

test("a factor must be finite", () => {
  expect(() => logit(0).times(Number.NaN)).toThrow(/finite factor, got NaN/);
});
