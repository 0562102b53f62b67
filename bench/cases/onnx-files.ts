import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { inputsOf, shapesOf } from "../../src/graph.ts";
import { createNetwork, type Graph, loadOnnxModel, type ModelFiles } from "../../src/index.ts";
import type { Bench, Case, Contender, Prepared, Task, Work } from "../case.ts";
import { difference } from "../compare.ts";
import {
  densenet121,
  mobilenetV2,
  type OnnxScale,
  resnet18,
  shufflenetV2,
  squeezenet11,
  type WriteOnnx,
} from "../graphs/onnx-networks.ts";
import { workOf } from "../graphs/work.ts";
import { jaxContender, ortContender, ortHasNone, tfjsContender } from "../peers/contenders.ts";
import { channelsFirst, channelsLast } from "../peers/layout.ts";
import { recordedRunner } from "../peers/ours.ts";
import { tfjsGraph } from "../peers/tfjs-graph.ts";
import { noise } from "../random.ts";
import type { Runner } from "../runner.ts";
import { formatShape, type Shape, sizeOf } from "../shape.ts";

type Pass = "forward" | "gradient";

/** The channel of the output whose sum is differentiated. */
const CHANNEL = 1;
/** Rows and columns of pictures whose size a file leaves free. */
const FREE_SIDE = 224;
/** Gradients of many layers: their products of rounding errors meet ReLUs whose input is next to 0. */
const GRADIENT_TOLERANCE = 1e-3;

const GOALS = {
  forward: [{ of: "onnxruntime", least: 1.3 }],
  gradient: [
    { of: "jax-js", least: 4 },
    { of: "tfjs", least: 4 },
  ],
} as const satisfies Record<Pass, Case["goals"]>;

/** The one input of a file: as the file has it, and whether its channels come before rows and columns. */
interface FileInput {
  readonly shape: Shape;
  readonly channelsFirst: boolean;
}

/** @throws Error for a file of several inputs: noise would not do for most. */
function inputOfFile(file: Uint8Array): FileInput {
  const { graph } = fromBinary(ModelProtoSchema, file);
  const weights = new Set(graph?.initializer.map(({ name }) => name));
  const inputs = graph?.input.filter(({ name }) => !weights.has(name)) ?? [];
  const [input] = inputs;
  const type = input?.type?.value;
  if (inputs.length !== 1 || type?.case !== "tensorType") {
    throw new Error(`expected a file with one input, a tensor, got ${inputs.length} inputs`);
  }
  const dims = type.value.shape?.dim.map(({ value }) =>
    value.case === "dimValue" ? Number(value.value) : 0,
  );
  const [, second = 0, , last = 0] = dims ?? [];
  const pictures = dims?.length === 4;
  const first = pictures && (second <= 4 || last > 4);
  const shape = (dims ?? []).map((size, axis) => {
    if (size > 0) return size;
    if (axis === 0 || !pictures) return 1;
    return axis === (first ? 1 : 3) ? 3 : FREE_SIDE;
  });
  return { shape, channelsFirst: first };
}

/** A file, its input as noise, and its graph or the reason why we have none. */
interface Opened {
  readonly bench: Bench;
  readonly file: Uint8Array<ArrayBuffer>;
  readonly input: FileInput;
  readonly graph: Graph | { readonly absent: string };
  /** As ours: channels last. */
  readonly x: Float32Array<ArrayBuffer>;
}

async function open(bench: Bench, files: ModelFiles): Promise<Opened> {
  const file = new Uint8Array(await files.read(files.manifest));
  const input = inputOfFile(file);
  const graph = await graphOf(files, input).catch((error: Error) => ({ absent: error.message }));
  return { bench, file, input, graph, x: noise(input.shape, 7, 1.5) };
}

function graphOf(files: ModelFiles, { shape, channelsFirst }: FileInput): Promise<Graph> {
  const [, a = 1, b = 1, c = 1] = shape;
  return loadOnnxModel(
    files,
    shape.length === 4 ? { inputShape: channelsFirst ? [b, c, a] : [a, b, c] } : {},
  );
}

function ours({ bench: { device }, graph, input, x }: Opened, pass: Pass): Contender {
  const head = { name: "vitrine", kind: "ours" } as const;
  if ("absent" in graph) return { ...head, absent: graph.absent };
  return {
    ...head,
    async create() {
      const [batch = 1] = input.shape;
      const gradients = pass === "gradient";
      const network = await createNetwork(device, graph, { batch, keep: [], gradients });
      device.queue.writeBuffer(network.input.buffer, 0, x);
      const [image] = inputsOf(network.graph);
      return recordedRunner(device, {
        record(encoder) {
          network.forward(encoder);
          if (gradients) network.backward(encoder, { layer: network.graph.output, channel: CHANNEL });
        },
        y: gradients ? network.gradient(image?.name ?? "") : network.activation(network.graph.output),
        destroy: () => network.destroy(),
      });
    },
  };
}

function tfjs({ bench, graph, input, x }: Opened, pass: Pass): Contender {
  if ("absent" in graph) return { name: "tfjs", kind: "peer", absent: "it gets the graph that we load" };
  return tfjsContender(bench, async ({ tf, runner }) => {
    const { apply, dispose } = tfjsGraph(tf, graph, pass === "gradient" ? "gradient" : undefined);
    const resident = tf.tensor(x, [
      ...(shapesOf(graph, input.shape[0]).get(inputsOf(graph)[0]?.name ?? "") ?? []),
    ]);
    const gradient = tf.grad((image) => tf.sum(tf.gather(apply(image), [CHANNEL], -1)));
    return runner(
      () => (pass === "gradient" ? gradient(resident) : apply(resident)),
      () => {
        dispose();
        resident.dispose();
      },
    );
  });
}

/** What a peer reads, channels last as ours. */
function turned(runner: Runner, shape: Shape | undefined): Runner {
  if (shape?.length !== 4) return runner;
  return { ...runner, read: async () => channelsLast(await runner.read(), shape) };
}

/** Everybody's pass through a file, each opening it with its own reader; tfjs, which has none, gets our graph. */
async function passThrough(bench: Bench, files: ModelFiles, pass: Pass): Promise<Prepared> {
  const opened = await open(bench, files);
  const { file, graph, input, x } = opened;
  const theirs = input.channelsFirst ? channelsFirst(x, input.shape) : x;
  const forward = pass === "forward";
  /** The output as the file has it, or the input's gradient, where the channels stand first. */
  const shape = ((): Shape | undefined => {
    if (!input.channelsFirst) return undefined;
    if (!forward) return input.shape;
    if ("absent" in graph) return undefined;
    const [n = 1, h = 1, w = 1, c] = shapesOf(graph, input.shape[0]).get(graph.output) ?? [];
    return c === undefined ? undefined : [n, c, h, w];
  })();
  return {
    contenders: [
      ours(opened, pass),
      forward
        ? ortContender(bench, async (ort) => turned(await ort.fileRunner(file, input.shape, theirs), shape))
        : ortHasNone("it has no gradients"),
      tfjs(opened, pass),
      jaxContender(bench, async (jax) => {
        const model = await jax.open(file);
        const runner = forward
          ? model.forward(theirs, input.shape)
          : model.gradient(theirs, input.shape, CHANNEL);
        return turned(await runner, shape);
      }),
    ],
    reference: "peer",
    check: difference,
  };
}

/** A network in ONNX files, one for each size. */
interface Source {
  readonly id: string;
  readonly title: string;
  readonly sizes: readonly [SourceSize, ...SourceSize[]];
}

interface SourceSize {
  readonly size: string;
  /** Of a forward pass. */
  readonly work: Work;
  readonly files: () => ModelFiles;
}

function casesOf({ id, title, sizes }: Source): Case[] {
  return (["forward", "gradient"] as const).map((pass): Case => {
    const task = ({ size, work: { flops, bytes }, files }: SourceSize): Task => {
      const passes = pass === "forward" ? 1 : 2;
      return {
        size,
        work: { flops: flops * passes, bytes: bytes * passes },
        ...(pass === "gradient" ? { tolerance: GRADIENT_TOLERANCE } : {}),
        prepare: (bench) => passThrough(bench, files(), pass),
      };
    };
    const [real, ...smaller] = sizes;
    return {
      id: pass === "forward" ? `onnx/${id}` : `onnx/${id}-gradient`,
      title: `${title}, ${pass === "forward" ? "forward" : "forward and back to the image"}`,
      goals: GOALS[pass],
      tasks: [task(real), ...smaller.map(task)],
    };
  });
}

/** A file in memory. */
function inMemory(name: string, file: () => Uint8Array<ArrayBuffer>): ModelFiles {
  return { name, manifest: name, read: async () => file().buffer };
}

const WRITTEN: readonly {
  readonly id: string;
  readonly title: string;
  readonly write: WriteOnnx;
  readonly blocks: number;
}[] = [
  { id: "resnet18", title: "ResNet-18 in ONNX", write: resnet18, blocks: 1 },
  { id: "mobilenet_v2", title: "MobileNetV2 in ONNX", write: mobilenetV2, blocks: 1 },
  { id: "shufflenet_v2", title: "ShuffleNetV2 in ONNX", write: shufflenetV2, blocks: 2 },
  { id: "densenet121", title: "DenseNet-121 in ONNX", write: densenet121, blocks: 2 },
  { id: "squeezenet_v1_1", title: "SqueezeNet 1.1 in ONNX", write: squeezenet11, blocks: 1 },
];

/** Networks that the benchmark itself writes as ONNX files. */
export const onnxCases: readonly Case[] = WRITTEN.flatMap(({ id, title, write, blocks }) => {
  const sized = (scale: OnnxScale, size: string): SourceSize => ({
    size,
    work: write(scale, true).work,
    files: () => inMemory(`${id}.onnx`, () => write(scale).file),
  });
  const few = write === squeezenet11 ? "" : `, ${blocks} ${blocks === 1 ? "block" : "blocks"} a stage`;
  return casesOf({
    id,
    title,
    sizes: [
      sized({ side: 224, width: 1 }, "224×224"),
      sized({ side: 64, width: 1 / 4, blocks }, `64×64, 1/4 width${few}`),
    ],
  });
});

/**
 * Cases of somebody's own files.
 * @throws Error for what is no ONNX file of one input. What we refuse of one that is, its row tells.
 */
export async function casesOfFiles(files: readonly ModelFiles[], names: readonly string[]): Promise<Case[]> {
  const cases: Case[] = [];
  for (const [index, one] of files.entries()) {
    const name = names[index] ?? one.name;
    const input = inputOfFile(new Uint8Array(await one.read(one.manifest)));
    const work = await graphOf(one, input).then(
      (graph) => workOf(graph, input.shape[0] ?? 1),
      // Nobody knows what a network costs that we do not load: its input is read, at least.
      () => ({ flops: sizeOf(input.shape), bytes: 4 * sizeOf(input.shape) }),
    );
    const size = { size: formatShape(input.shape), work, files: () => one };
    cases.push(...casesOf({ id: name, title: name, sizes: [size] }));
  }
  return cases;
}
