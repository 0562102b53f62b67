import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type * as Tfjs from "@tensorflow/tfjs";
import {
  adapterName,
  createNetwork,
  isSoftwareAdapter,
  loadLayersModel,
  readTensor,
  requestDevice,
} from "../src/index.ts";
import { createGpu, modelFromDisk } from "../src/node.ts";
import { loadTfjsModel, startTfjs } from "./tfjs.ts";

const HELP = `Whole networks, forward and to the image's gradient, side by side with tfjs on one device.

  npm run bench -- [options]

  --model DIR   a tfjs LayersModel; may be given several times (default: the shipped network)
  --batch N     images a pass (default: 8)
  --rounds N    interleaved rounds (default: 7)
  --json        print the figures as JSON
`;

/** Milliseconds of one side, one a round. */
type Times = number[];

interface Row {
  readonly network: string;
  readonly what: string;
  readonly ours: Times;
  readonly tfjs: Times;
  /** Largest difference between the two outcomes, relative to the largest value. */
  readonly difference: number;
}

const median = (times: Times): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

/** Uniform noise in ±1.5, the same every time: smooth test images tie in max pools, and ties are broken at will. */
function noise(count: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 3 - 1.5;
  });
}

/** Runs both sides in turn, so that whatever else the machine does befalls both. */
async function interleave(
  rounds: number,
  ours: () => Promise<Float32Array>,
  peer: () => Promise<Float32Array>,
) {
  const times: [Times, Times] = [[], []];
  let last: Float32Array[] = [];
  for (let round = -2; round < rounds; round++) {
    last = [];
    for (const [side, run] of [ours, peer].entries()) {
      const start = performance.now();
      last.push(await run());
      if (round >= 0) times[side === 0 ? 0 : 1].push(performance.now() - start);
    }
  }
  const [a = new Float32Array(), b = new Float32Array()] = last;
  const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference =
    a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? 0))), 0) / scale;
  return { ours: times[0], tfjs: times[1], difference };
}

async function measure(
  device: GPUDevice,
  tf: typeof Tfjs,
  path: string,
  batch: number,
  rounds: number,
): Promise<Row[]> {
  const graph = await loadLayersModel(await modelFromDisk(path));
  const network = await createNetwork(device, graph, { batch, keep: [] });
  const full = await loadTfjsModel(path.endsWith(".json") ? path : join(path, "model.json"));
  const [, height = 0, width = 0, channels = 0] = network.input.shape;
  const values = noise(batch * height * width * channels);
  device.queue.writeBuffer(network.input.buffer, 0, values);
  const x = tf.tensor4d(values, [batch, height, width, channels]);
  await x.data();

  // Both sides answer with the network's own output, and differentiate the sum over the batch of one class of it.
  const output = graph.output;
  const forward = await interleave(
    rounds,
    async () => {
      const encoder = device.createCommandEncoder();
      network.forward(encoder);
      device.queue.submit([encoder.finish()]);
      return readTensor(device, network.activation(output));
    },
    async () => {
      const y = full.predict(x, { batchSize: batch }) as Tfjs.Tensor;
      const data = (await y.data()) as Float32Array;
      y.dispose();
      return data;
    },
  );
  const channel = 1;
  const gradientOf = tf.grad((input: Tfjs.Tensor) =>
    (full.apply(input) as Tfjs.Tensor).slice([0, channel], [batch, 1]).sum(),
  );
  const gradient = await interleave(
    rounds,
    async () => {
      const encoder = device.createCommandEncoder();
      network.forward(encoder);
      network.backward(encoder, { layer: output, channel });
      device.queue.submit([encoder.finish()]);
      return readTensor(device, network.gradient(graph.layers[0]?.name ?? ""));
    },
    async () => {
      const dx = gradientOf(x);
      const data = (await dx.data()) as Float32Array;
      dx.dispose();
      return data;
    },
  );
  x.dispose();
  full.dispose();
  network.destroy();
  const name = basename(path.endsWith(".json") ? dirname(path) : path);
  return [
    { network: name, what: "forward", ...forward },
    { network: name, what: "gradient to the image", ...gradient },
  ];
}

/** Measures and prints; the exit code is 1 when an outcome differs from tfjs's. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: "string", multiple: true },
      batch: { type: "string", default: "8" },
      rounds: { type: "string", default: "7" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const models = values.model ?? ["models/vitrine"];
  for (const model of models) {
    if (!existsSync(model)) {
      console.error(`bench: expected a model at ${model}, found none`);
      return 1;
    }
  }
  const gpu = await createGpu();
  const device = await requestDevice(gpu);
  const tf = await startTfjs(device);
  const rows: Row[] = [];
  for (const model of models)
    rows.push(...(await measure(device, tf, model, Number(values.batch), Number(values.rounds))));

  const adapter = adapterName(device);
  if (values.json) {
    console.log(
      JSON.stringify(
        { adapter, software: isSoftwareAdapter(device), batch: Number(values.batch), rows },
        null,
        2,
      ),
    );
  } else {
    console.log(
      `${adapter}, batch ${values.batch}, medians of ${values.rounds} interleaved rounds, readback included`,
    );
    if (isSoftwareAdapter(device))
      console.log("software adapter: the ratios tell something, the times do not");
    console.table(
      rows.map(({ network, what, ours, tfjs, difference }) => ({
        network,
        what,
        "ours ms": median(ours).toFixed(1),
        "tfjs ms": median(tfjs).toFixed(1),
        "tfjs / ours": (median(tfjs) / median(ours)).toFixed(2),
        difference: difference.toExponential(1),
      })),
    );
  }
  return rows.every(({ difference }) => difference < 1e-3) ? 0 : 1;
}
