import { type Command, recordCommands } from "../gpu/command.ts";
import { assertDevice } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { build } from "../gpu/scope.ts";
import { assertTensor, formatShape, type Tensor } from "../gpu/tensor.ts";
import { assertLayer } from "../graph/graph.ts";
import {
  createConv2dStatistics,
  createStatisticsAfter,
  type StatisticsOf,
} from "../kernels/conv2d-statistics.ts";
import { constantsFor } from "../layers/constants.ts";
import { type OpLayer, opOf } from "../layers/ops.ts";

/** One layer by itself, between buffers of the caller's. */
export interface LayerCommand extends Command {
  /** Records the layer into the caller's encoder, as a compute pass of its own. */
  record(encoder: GPUCommandEncoder): void;
}

/** Inputs and output of a stand-alone layer. */
export interface LayerSite {
  readonly x: readonly [Tensor, ...Tensor[]];
  readonly y: Tensor;
  /** Destination of statistics of each channel of y; see `createStatistics`. */
  readonly statistics?: StatisticsOf | undefined;
}

const SITE: Fields<LayerSite> = { x: "must", y: "must", statistics: "may" };

/**
 * Puts one layer on a device, between tensors that the caller owns: for an app that wants our kernels in a pipeline of
 * its own, and no network. The command owns the layer's weights; the tensors stay the caller's.
 * @param layer as in a graph; the names in `inputs` mean nothing here, one for each of `x`.
 * @param site `statistics` gathers those of y on the way: in the layer's own kernel where it is a convolution, else after it.
 * @throws InputError when the shapes do not fit the layer; UnsupportedError when Vitrine has no such op.
 * @example
 * ```ts
 * import { createTensor, readTensor, recordCommands } from "vitrine";
 * import { createLayer } from "vitrine/layers";
 *
 * const x = createTensor(device, [1, 1, 2, 1], { data: Float32Array.of(-1, 2) });
 * const y = createTensor(device, [1, 1, 2, 1]);
 * const layer = await createLayer(device, { op: "activation", name: "relu", inputs: ["x"], activation: { kind: "relu" } }, { x: [x], y });
 * const encoder = device.createCommandEncoder(); // or your own
 * recordCommands(encoder, [layer]);
 * device.queue.submit([encoder.finish()]);
 * console.log((await readTensor(device, y)).join(" ")); // 0 2
 * layer.destroy();
 * for (const { buffer } of [x, y]) buffer.destroy();
 * ```
 */
export async function createLayer(device: GPUDevice, layer: OpLayer, site: LayerSite): Promise<LayerCommand> {
  assertDevice("createLayer", device);
  // Where it stands alone, it needs no inputs by name.
  assertLayer({ ...layer, inputs: layer.inputs ?? [] });
  assertFields(`${layer.op} "${layer.name}"`, site, SITE);
  const { x, y, statistics } = site;
  for (const tensor of [...x, y]) assertTensor(`${layer.op} "${layer.name}"`, tensor);
  const op = opOf(layer);
  const shapes = x.map((tensor) => tensor.shape);
  const shape = op.shape(layer, shapes);
  if (formatShape(shape) !== formatShape(y.shape)) {
    throw new InputError(
      `${layer.op} "${layer.name}": expected y of shape ${formatShape(shape)}, got ${formatShape(y.shape)}`,
    );
  }
  if (op.view) {
    throw new InputError(
      `${layer.op} "${layer.name}": expected a layer that computes something; a view needs no kernel`,
    );
  }
  const who = `${layer.op} "${layer.name}"`;
  return build(device, who, async (scope) => {
    const wanted = Object.entries(constantsFor(device, op, layer, shapes, false));
    const constants = Object.fromEntries(
      wanted.map(([name, { shape, data }]) => [
        name,
        scope.tensor(shape, { data, label: `${layer.name} ${name}` }),
      ]),
    );
    const between = { x, y, constants, saved: {} };
    const command = await scope.command(
      statistics && layer.op === "conv2d"
        ? createConv2dStatistics(device, { ...between, layer, statistics })
        : statistics
          ? createStatisticsAfter(device, op.forward(device, { ...between, layer }), { ...statistics, x: y })
          : op.forward(device, { ...between, layer }),
    );
    return {
      encode: (pass: GPUComputePassEncoder) => command.encode(pass),
      record: (encoder: GPUCommandEncoder) =>
        recordCommands(encoder, [command], { label: `vitrine ${layer.op} ${layer.name}` }),
    };
  });
}
