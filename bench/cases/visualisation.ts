import { shapesOf, upTo } from "../../src/graph.ts";
import { createNetwork, type Graph, readTensor } from "../../src/index.ts";
import { channelMean, channelOfEach } from "../../src/objectives.ts";
import {
  type AscentOptions,
  adam,
  createAscent,
  fourierImage,
  jitter,
  lucidTransforms,
  pad,
} from "../../src/optimise.ts";
import type { Bench, Case, Prepared, Task } from "../case.ts";
import { difference, normDifference } from "../compare.ts";
import { squeezenet } from "../graphs/squeezenet.ts";
import type { Scale } from "../graphs/vgg16.ts";
import { workOf } from "../graphs/work.ts";
import { recordedRunner } from "../peers/ours.ts";
import { noise } from "../random.ts";
import type { Runner } from "../runner.ts";
import { tfjsVisualisation } from "../techniques/tfjs-synthesis.ts";
import { ascends, tfjsAscends } from "./ascents.ts";
import { imagesFor } from "./forward.ts";
import { formatScale, shippedNetwork, shippedOutline } from "./networks.ts";

/** A network whose channel is visualised. */
interface Visualised {
  readonly graph: Graph;
  readonly layer: string;
  readonly channel: number;
}

const RATE = 0.05;
/** What leaves the size as it is, for tfjs has no gradient of a turned picture. */
const PAD = 6;
const JITTERS = [
  [8, [3, 5]],
  [4, [1, 2]],
] as const;

/** The channels of a network's layer forward and back to the pixels, and nothing else of a step. */
async function passesAlone(
  { device }: Bench,
  { graph, layer, channel }: Visualised,
  batch: number,
): Promise<Runner> {
  const network = await createNetwork(device, graph, { batch, keep: [layer] });
  device.queue.writeBuffer(network.input.buffer, 0, imagesFor(graph, batch));
  return recordedRunner(device, {
    record(encoder) {
      network.forward(encoder, { to: [layer] });
      network.backward(encoder, { layer, channel });
    },
    y: network.gradient(graph.layers[0]?.name ?? ""),
    destroy: () => network.destroy(),
  });
}

function visualisation(bench: Bench, subject: Visualised, batch: number): Prepared {
  const { graph, layer, channel } = subject;
  const [, h = 1, w = 1, c = 1] = shapesOf(graph).get(graph.layers[0]?.name ?? "") ?? [];
  const spectrum = noise([batch, h, Math.floor(w / 2) + 1, c, 2], 11, 0.02);
  const options = {
    objective: channelMean(layer, channel),
    image: fourierImage({ start: spectrum }),
    optimiser: adam({ rate: RATE }),
  };
  const jitters = JITTERS.map(([by, offset]) => jitter(by, { offsets: [offset] }));
  const ours = (transforms: AscentOptions["transforms"]) => () =>
    ascends(bench, graph, batch, [layer], { ...options, transforms });
  const other = { kind: "variant", other: true } as const;
  return {
    contenders: [
      { name: "vitrine", kind: "ours", create: ours([pad(PAD), ...jitters]) },
      tfjsAscends(bench, (tf) =>
        tfjsVisualisation(tf, {
          ...{ graph, layer, channel, batch, spectrum, rate: RATE, pad: PAD, jitters: JITTERS },
        }),
      ),
      { name: ALONE, ...other, create: () => passesAlone(bench, subject, batch) },
      { name: "with all of Lucid's transforms", ...other, create: ours(lucidTransforms()) },
    ],
    reference: "peer",
    check: normDifference,
  };
}

const ALONE = "forward and back alone";
/** Everything else is to be 15 % of a step at most. */
const WHOLE = 1.18;
/** Adam's first step is as long for a tiny slope as for a steep one: a rounding error may turn it round. */
const TURNED = 1e-3;

interface Sized {
  readonly size: string;
  readonly outline: Graph;
  readonly layer: string;
  readonly channel: number;
  readonly graph: (bench: Bench) => Promise<Graph>;
}

const SHIPPED: Sized = {
  ...{ size: "96×96", layer: "conv3_3", channel: 5 },
  outline: shippedOutline(),
  graph: shippedNetwork,
};

function squeezenetOf(scale: Scale): Sized {
  return {
    size: formatScale(scale),
    layer: "fire8",
    channel: 5,
    outline: squeezenet(scale, { outline: true }),
    graph: async () => squeezenet(scale),
  };
}

/** A step: forward to the layer and back. */
function stepWork({ outline, layer }: Sized, batch: number): Task["work"] {
  const { flops, bytes } = workOf(upTo(outline, [layer]), batch);
  return { flops: 2 * flops, bytes: 2 * bytes };
}

function visualisationTask(sized: Sized, batch: number): Task {
  const { size, layer, channel } = sized;
  return {
    size: batch > 1 ? `${batch} × ${size}` : size,
    work: stepWork(sized, batch),
    tolerance: TURNED,
    prepare: async (bench) =>
      visualisation(bench, { graph: await sized.graph(bench), layer, channel }, batch),
  };
}

/** Images dreamt at once. */
const CHANNELS = 16;
const IN_TURN = "one after another";

/** Steps of so many ascents of one image, one after another. */
async function inTurn(bench: Bench, graph: Graph, layer: string, count: number): Promise<Runner> {
  const { device } = bench;
  const network = await createNetwork(device, graph, { keep: [layer] });
  const ascents = await Promise.all(
    Array.from({ length: count }, (_, n) =>
      createAscent(network, { ...DREAM, objective: channelMean(layer, n), numbers: [n] }),
    ),
  );
  const each = (record: (ascent: (typeof ascents)[number], encoder: GPUCommandEncoder) => void): void => {
    const encoder = device.createCommandEncoder();
    for (const ascent of ascents) record(ascent, encoder);
    device.queue.submit([encoder.finish()]);
  };
  each((ascent, encoder) => ascent.recordStart(encoder));
  return {
    submit(times) {
      for (let k = 0; k < times; k++) each((ascent, encoder) => ascent.recordStep(encoder));
    },
    async read() {
      each((ascent, encoder) => ascent.recordPixels(encoder));
      const pictures = await Promise.all(ascents.map(({ image }) => readTensor(device, image.pixels)));
      return Float32Array.from(pictures.flatMap((picture) => [...picture]));
    },
    destroy() {
      for (const ascent of ascents) ascent.destroy();
      network.destroy();
    },
  };
}

const DREAM = {
  image: fourierImage(),
  transforms: lucidTransforms(),
  optimiser: adam({ rate: RATE }),
  seed: 3,
};

function channelsTask(sized: Sized, count: number): Task {
  const { layer } = sized;
  return {
    size: `${count} × ${sized.size}`,
    work: stepWork(sized, count),
    // To the bit.
    tolerance: 0,
    async prepare(bench) {
      const graph = await sized.graph(bench);
      const channels = Array.from({ length: count }, (_, n) => n);
      const objective = channelOfEach(layer, channels);
      const apart = () => inTurn(bench, graph, layer, count);
      const first = await apart();
      await first.submit(1);
      const pictures = await first.read();
      first.destroy();
      return {
        contenders: [
          {
            ...{ name: "vitrine", kind: "ours" },
            create: () => ascends(bench, graph, count, [layer], { ...DREAM, objective }),
          },
          { name: IN_TURN, kind: "variant", create: apart },
        ],
        reference: "the same pictures, each by itself",
        check: (y) => difference(y, pictures),
      };
    },
  };
}

const QUICK = { side: 64, width: 1 / 2 };
const FEWER = 4;

/** Steps of feature visualisation, of one picture and of many at once. */
export const visualisationCases: readonly Case[] = [
  ...[1, 16].map(
    (batch): Case => ({
      id: `synthesis/visualisation-${batch}`,
      title: `a step of feature visualisation${batch > 1 ? `, ${batch} at once` : ""}`,
      goals: [
        { of: "tfjs", least: 4 },
        { of: ALONE, most: WHOLE },
      ],
      tasks: [
        visualisationTask(squeezenetOf({ side: 224, width: 1 }), batch),
        visualisationTask(SHIPPED, batch),
        ...(batch > FEWER ? [visualisationTask(SHIPPED, FEWER)] : []),
        visualisationTask(squeezenetOf(QUICK), Math.min(batch, FEWER)),
      ],
    }),
  ),
  {
    id: "synthesis/channels",
    title: "channels of a layer dreamt at once",
    goals: [{ of: IN_TURN, least: 3 }],
    tasks: [
      channelsTask(SHIPPED, CHANNELS),
      channelsTask(SHIPPED, FEWER),
      channelsTask(squeezenetOf(QUICK), CHANNELS),
      channelsTask(squeezenetOf(QUICK), FEWER),
    ],
  },
];
