import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { VitrineError } from "../../../src/gpu/errors.ts";
import { readTensor } from "../../../src/gpu/tensor.ts";
import { type Graph, shapesOf } from "../../../src/graph/graph.ts";
import { PREPROCESSINGS } from "../../../src/graph/preprocessing.ts";
import { placesBy, stridesOf } from "../../../src/models/lowering/constants.ts";
import { ExternalData } from "../../../src/models/onnx/external-data.ts";
import { inputsOf } from "../../../src/models/onnx/load.ts";
import type { OnnxModel, OnnxTensor } from "../../../src/models/onnx/model.ts";
import { OPERATORS } from "../../../src/models/onnx/operators/operators.ts";
import { readOnnx } from "../../../src/models/onnx/read-model.ts";
import { TENSOR } from "../../../src/models/onnx/schema.ts";
import { tensorOf } from "../../../src/models/onnx/tensor.ts";
import { constantOf } from "../../../src/models/onnx/tensors.ts";
import {
  type TracedInput,
  type TracedOutput,
  traceOnnx,
  traceValues,
} from "../../../src/models/onnx/trace.ts";
import { readMessage } from "../../../src/models/onnx/wire.ts";
import { YieldToEventLoop } from "../../../src/models/yield-to-event-loop.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import type { Network } from "../../../src/network/network.ts";
import { modelFromDisk } from "../../../src/node/files.ts";

/** ONNX's own test data: the folder that VITRINE_ONNX_DATA names, else where Debian's packages install it. */
const FOLDERS = process.env.VITRINE_ONNX_DATA
  ? [process.env.VITRINE_ONNX_DATA]
  : ["/usr/share/libonnx-testdata/data", "/usr/lib/python3/dist-packages/onnx/backend/test/data"];

/** Tests of single operators. */
export const NODE_TESTS = FOLDERS.map((folder) => join(folder, "node")).find((folder) => existsSync(folder));

/** Names of the tests, each a folder. */
export function nodeTests(): readonly string[] {
  return NODE_TESTS
    ? readdirSync(NODE_TESTS)
        .filter((name) => name.startsWith("test_"))
        .sort()
    : [];
}

/** What became of a test: "right" with the ways it ran, "refused" with the reason, or "wrong". */
export interface NodeResult {
  readonly outcome: "right" | "refused" | "wrong";
  readonly detail: string;
  readonly operators: readonly string[];
  readonly opset: number;
}

/** How the inputs of a test are taken: some are fed to the network, the others known in advance. */
interface Way {
  readonly title: string;
  readonly fed: readonly string[];
  readonly batched: boolean;
}

function readTensorFile(path: string): OnnxTensor {
  const message = readMessage(new Uint8Array(readFileSync(path)), TENSOR, path);
  return tensorOf(message, new ExternalData(), path);
}

/** Runs one test in every way in which it can be asked; one wrong answer among them is wrong. */
export async function runNodeTest(device: GPUDevice, name: string): Promise<NodeResult> {
  const folder = `${NODE_TESTS}/${name}`;
  const yielding = new YieldToEventLoop(undefined);
  let model: OnnxModel;
  const given = new Map<string, OnnxTensor>();
  const expected = new Map<string, OnnxTensor>();
  try {
    model = await readOnnx(await modelFromDisk(`${folder}/model.onnx`));
    for (const [index, { name: input }] of inputsOf(model).entries()) {
      given.set(input, readTensorFile(`${folder}/test_data_set_0/input_${index}.pb`));
    }
    for (const [index, { name: output }] of model.outputs.entries()) {
      expected.set(output, readTensorFile(`${folder}/test_data_set_0/output_${index}.pb`));
    }
  } catch (error) {
    return { outcome: "refused", detail: (error as Error).message, operators: [], opset: 0 };
  }
  const operators = [...new Set(model.nodes.map(({ opType }) => opType))];
  const opset = model.opsets.get("") ?? 0;
  // Half-precision numbers of this kind are stored as whole numbers in these files.
  if (/bfloat/i.test(name)) {
    return { outcome: "refused", detail: "its values are stored as whole numbers", operators: [], opset };
  }
  const isFed = ({ dtype, dims }: OnnxTensor) =>
    ["float", "double", "float16"].includes(dtype) ||
    (/int/.test(dtype) && dims.length > 1 && !operators.includes("Div"));
  const floats = [...given].filter(([, tensor]) => isFed(tensor)).map(([input]) => input);
  const ways: Way[] = [];
  for (const batched of [true, false]) {
    ways.push({ title: batched ? "batch" : "no batch", fed: floats, batched });
    const [first] = floats;
    if (floats.length > 1 && first) {
      ways.push({ title: `${batched ? "batch" : "no batch"}, first fed`, fed: [first], batched });
      ways.push({ title: `${batched ? "batch" : "no batch"}, last fed`, fed: floats.slice(-1), batched });
    }
  }
  ways.push({ title: "known in advance", fed: [], batched: false });
  const right: string[] = [];
  let reason = "";
  for (const way of ways) {
    try {
      const differences = await runWay(device, model, given, expected, way, yielding);
      if (differences === undefined) continue;
      if (differences !== "")
        return { outcome: "wrong", detail: `${way.title}: ${differences}`, operators, opset };
      right.push(way.title);
    } catch (error) {
      if (!(error instanceof VitrineError)) {
        return { outcome: "wrong", detail: `${way.title}: ${(error as Error).stack}`, operators, opset };
      }
      reason ||= error.message;
    }
  }
  const outcome = right.length > 0 ? "right" : "refused";
  return { outcome, detail: outcome === "right" ? right.join("; ") : reason, operators, opset };
}

async function runWay(
  device: GPUDevice,
  model: OnnxModel,
  given: ReadonlyMap<string, OnnxTensor>,
  expected: ReadonlyMap<string, OnnxTensor>,
  { fed, batched }: Way,
  yielding: YieldToEventLoop,
): Promise<string | undefined> {
  const known = new Map(model.initializers);
  const inputs: TracedInput[] = [];
  let batch: number | undefined;
  for (const [name, tensor] of given) {
    if (!fed.includes(name)) {
      known.set(name, tensor);
      continue;
    }
    const [n, ...rest] = tensor.dims;
    if (tensor.dims.some((size) => size === 0)) return undefined;
    if (batched && (n === undefined || (batch ?? n) !== n)) return undefined;
    batch = batched ? n : 1;
    const order = tensor.dims.map((_, axis) => axis);
    inputs.push({ name, shape: batched ? rest : tensor.dims, batch: batched ? 0 : undefined, order });
  }
  const asked: OnnxModel = { ...model, initializers: known };
  const wanted = [...expected.keys()];
  if (inputs.length === 0) {
    const { values } = await traceValues(asked, [], wanted, yielding, "node test");
    for (const [name, tensor] of expected) {
      const value = values.get(name);
      if (value?.kind === "missing" && name !== wanted[0]) continue;
      if (value?.kind === "missing") throw value.error;
      if (value?.kind !== "constant") return `${name} is no constant`;
      const found = difference(value.read(), value.shape, tensor);
      if (found !== "") return found;
    }
    return "";
  }
  const { layers, outputs, leftOut } = await traceOnnx(asked, inputs, wanted, yielding, "node test");
  const [lost] = wanted;
  // Of further outputs, such as the mask of a dropout, some are left out.
  const reason = lost === undefined ? undefined : leftOut[lost];
  if (reason !== undefined) throw new VitrineError(reason);
  const [main = ""] = outputs.map(({ layer }) => layer);
  const graph: Graph = {
    name: "node test",
    layers,
    output: main,
    outputs: [...new Set(outputs.map(({ layer }) => layer))],
    preprocessing: { ...PREPROCESSINGS.none, source: "given" },
  };
  shapesOf(graph, batch);
  const network = await createNetwork(device, graph, { batch: batch ?? 1, keep: [], gradients: false });
  try {
    return await compare(device, network, inputs, given, outputs, expected);
  } finally {
    network.destroy();
  }
}

/** The first difference of what a network gives from what it should, or nothing. */
async function compare(
  device: GPUDevice,
  network: Network,
  inputs: readonly TracedInput[],
  given: ReadonlyMap<string, OnnxTensor>,
  outputs: readonly TracedOutput[],
  expected: ReadonlyMap<string, OnnxTensor>,
): Promise<string> {
  const { layers } = network.graph;
  for (const [index, { name }] of inputs.entries()) {
    const layer = layers.filter(({ op }) => op === "input")[index]?.name ?? name;
    const tensor = given.get(name);
    if (!tensor) return `no values for ${name}`;
    const data = Float32Array.from(constantOf(tensor).read());
    device.queue.writeBuffer(network.activation(layer).buffer, 0, data);
  }
  const encoder = device.createCommandEncoder();
  network.forward(encoder);
  device.queue.submit([encoder.finish()]);
  for (const { name, layer, order } of outputs) {
    const tensor = expected.get(name);
    if (!tensor) continue;
    const stored = await readTensor(device, network.activation(layer));
    if (order.length !== tensor.dims.length)
      return `${name}: expected ${tensor.dims.length} axes, got ${order.length}`;
    const sizes = order.map((axis) => tensor.dims[axis] ?? 1);
    const strides = stridesOf(sizes);
    const places = placesBy(
      tensor.dims,
      tensor.dims.map((_, axis) => strides[order.indexOf(axis)] ?? 0),
    );
    if (places.length !== stored.length)
      return `${name}: expected ${tensor.dims}, got ${stored.length} values`;
    const found = difference(
      Float64Array.from(places, (place) => stored[place] ?? Number.NaN),
      tensor.dims,
      tensor,
    );
    if (found !== "") return `${name}: ${found}`;
  }
  return "";
}

/** The first value that differs by more than ONNX's own runner allows (1e-3 relative), a tenth of that. */
function difference(found: ArrayLike<number>, shape: readonly number[], tensor: OnnxTensor): string {
  if (String(shape) !== String(tensor.dims)) return `expected shape [${tensor.dims}], got [${shape}]`;
  const right = tensor.read();
  for (let i = 0; i < right.length; i++) {
    const [a, b] = [found[i] ?? Number.NaN, Number(right[i])];
    if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const half = tensor.dtype === "float16" ? 1e-3 : 1e-4;
    if (!(Math.abs(a - b) <= half * Math.max(1, Math.abs(b)))) return `value ${i}: expected ${b}, got ${a}`;
  }
  return "";
}

/** True if Vitrine says of all operators of a test that it has them. */
export function isSupported({ operators }: NodeResult): boolean {
  return operators.length > 0 && operators.every((operator) => OPERATORS.has(operator));
}
