import { recordCommands } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { withScope } from "../../gpu/scope.ts";
import { asNhwc, formatShape, readTensor } from "../../gpu/tensor.ts";
import { type Graph, layerOf } from "../../graph/graph.ts";
import { createGram, type GramNormalisation, gramShape } from "../../kernels/gram.ts";
import { assertInputsFixed } from "../../network/inputs.ts";
import type { Network } from "../../network/network.ts";
import type { Networks } from "../../network/pool.ts";
import { submit, submitForward, writeInput } from "../submit.ts";

/** A picture that a network looks at. */
export interface Look {
  /** The graph, cut as deep as is looked. */
  readonly graph: Graph;
  readonly size: readonly [height: number, width: number];
  /** [H, W, C], as the network takes it. */
  readonly input: Float32Array;
  readonly layers: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** What a layer has for a picture. */
export interface LayerValues {
  readonly data: Float32Array;
  readonly channels: number;
}

/** The activations of layers for a picture. @throws InputError where the network takes more memory than the pool has. */
export function activationsOf(networks: Networks, look: Look): Promise<Map<string, LayerValues>> {
  return looking(networks, look, async (network, layer) => {
    const a = network.activation(layer);
    return { data: (await readTensor(network.device, a)) as Float32Array, channels: a.shape.at(-1) ?? 1 };
  });
}

/** The Gram matrices of layers for a picture. @throws as {@link activationsOf}; InputError for a layer without places. */
export function gramsOf(
  networks: Networks,
  look: Look,
  normalise: GramNormalisation,
): Promise<Map<string, LayerValues>> {
  return looking(networks, look, (network, layer) => {
    const { device } = network;
    const x = network.activation(layer);
    assertPlaces(layer, x.shape);
    return withScope(device, "Gram matrices", async ({ tensor, command }) => {
      const shape = gramShape(x.shape, layer);
      const y = tensor(shape, { label: "Gram matrix" });
      const gram = await command(createGram(device, { x, y, normalise }));
      submit(network, (encoder) => recordCommands(encoder, [gram]));
      return { data: (await readTensor(device, y)) as Float32Array, channels: shape[2] };
    });
  });
}

/** @throws InputError when a layer has no places to compare, or one only: a Gram matrix says nothing of those. */
function assertPlaces(layer: string, shape: readonly number[]): void {
  const [, height, width] = asNhwc(shape);
  if (shape.length === 4 && height * width > 1) return;
  throw new InputError(
    `layer "${layer}": expected maps with several places, got ${formatShape(shape.slice(1))}; choose a layer before the pooling or the dense layers at the end`,
  );
}

async function looking(
  networks: Networks,
  { graph, size, input, layers, signal }: Look,
  read: (network: Network, layer: string) => Promise<LayerValues>,
): Promise<Map<string, LayerValues>> {
  for (const layer of layers) layerOf(graph, layer);
  assertInputsFixed("synthesis", graph);
  const choice = { graph, size, keep: layers, gradients: false };
  // Before it is made: one that is too large is refused.
  networks.batchWithin({ ...choice, most: 1 });
  signal?.throwIfAborted();
  const network = await networks.temporary(choice);
  try {
    writeInput(network, input);
    await submitForward(network, { to: layers });
    const found = new Map<string, LayerValues>();
    for (const layer of layers) found.set(layer, await read(network, layer));
    for (const [layer, { data }] of found) assertFinite(layer, data);
    return found;
  } finally {
    network.destroy();
  }
}

function assertFinite(layer: string, data: Float32Array): void {
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw new InputError(`layer "${layer}": expected finite values of the picture, got ${data[wrong]}`);
}
