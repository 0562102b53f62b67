import { type Layer, pictureIn } from "../graph/graph.ts";
import { keepsChannels } from "../graph/layer-facts.ts";
import type { Constant } from "../layers/op.ts";

/**
 * The layers of a network that was trained on blue, green, red, so that it takes red, green, blue: the first
 * convolutions' input channels are reversed, which changes no output. Nothing when the input reaches anything but
 * convolutions in one group (through augmentation, padding and pooling), or has other than three channels.
 */
export function reorderToRgb(layers: readonly Layer[]): Layer[] | undefined {
  const input = pictureIn(layers);
  if (input?.shape[2] !== 3) return undefined;
  const carriers = new Set([input.name]);
  const turned: Layer[] = [];
  for (const layer of layers) {
    const reads = layer.inputs.some((name) => carriers.has(name));
    if (!reads) turned.push(layer);
    else if (layer.op === "conv2d" && (layer.groups ?? 1) === 1)
      turned.push({ ...layer, w: reversedInputs(layer.w) });
    else if (keepsOrder(layer)) {
      carriers.add(layer.name);
      turned.push(layer);
    } else return undefined;
  }
  return turned;
}

/** Tells whether each channel of a layer's output is what the layer makes of that channel. */
function keepsOrder(layer: Layer): boolean {
  if (layer.op === "pad") return keepsChannels(layer);
  if (layer.op === "reshape") return !layer.shape;
  return ["pool", "resize", "activation"].includes(layer.op);
}

/** w [kh, kw, Cin, Cout] with the order of Cin reversed. */
function reversedInputs({ shape, data }: Constant): Constant {
  const [, , cin = 1, cout = 1] = shape;
  const reversed = new Float32Array(data.length);
  for (let i = 0; i < data.length; i += cout) {
    const row = i / cout;
    const c = row % cin;
    reversed.set(data.subarray(i, i + cout), (row - c + cin - 1 - c) * cout);
  }
  return { shape, data: reversed };
}
