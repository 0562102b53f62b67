import { UnsupportedError } from "../../gpu/errors.ts";
import { type Command, NOTHING } from "../../gpu/kernel.ts";
import type { Layer } from "../../graph/graph.ts";
import type { Tensors } from "../../layers/op.ts";
import {
  createWindowArithmetic,
  createWindowConcat,
  createWindowLrn,
  createWindowPad,
  createWindowPool,
  createWindowScale,
  createWindowUpsample,
  type Windowed,
  type WindowLists,
} from "../../layers/window.ts";
import { createWindowConv2d, createWindowDepthwise } from "../../layers/window-conv2d.ts";

/** What computes the windows of a layer, for every layer of which `reachOf` knows the rectangles. */
export async function createWindowCommand(
  device: GPUDevice,
  site: {
    readonly layer: Layer;
    readonly x: readonly Windowed[];
    readonly y: Windowed;
    readonly constants: Tensors;
    readonly lists: WindowLists;
  },
): Promise<Command> {
  const { layer, y, constants, lists } = site;
  const [first, ...others] = site.x;
  // The image's own windows are covered at the start; a view needs nothing; some layers a patch never reaches.
  if (!first || y.layout.items === 0) return NOTHING;
  const common = { x: [first, ...others] as const, y, constants, lists };
  switch (layer.op) {
    case "conv2d":
      return createWindowConv2d(device, { ...common, layer });
    case "depthwiseConv2d":
      return createWindowDepthwise(device, { ...common, layer });
    case "pool":
      return createWindowPool(device, { ...common, layer });
    case "batchNorm":
    case "activation":
      return createWindowScale(device, { ...common, layer });
    case "lrn":
      return createWindowLrn(device, { ...common, layer });
    case "add":
    case "multiply":
      return createWindowArithmetic(device, { ...common, layer });
    case "concat":
      return createWindowConcat(device, { ...common, layer });
    case "zeroPad":
      return createWindowPad(device, { ...common, layer });
    case "upsample":
      return createWindowUpsample(device, { ...common, layer });
    case "reshape":
      return NOTHING;
    default:
      throw new UnsupportedError(`layer "${layer.name}": op "${layer.op}" cannot run in windows`);
  }
}
