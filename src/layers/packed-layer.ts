import { InputError } from "../gpu/errors.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { FusedActivation } from "./activation-kinds.ts";
import type { Convolution, Taps } from "./convolution.ts";
import type { BackwardSite, Constant, ForwardSite, LayerBase, Tensors } from "./op.ts";
import { blockOf } from "./tiling.ts";

/**
 * Weights [kh, kw, Cin / groups, Cout] of a convolution as its kernels read them: [blocks of output channels, taps · input
 * channels of a group, BLOCK], padded with zeros. `backward` exchanges the roles of input and output channels.
 */
export function pack({ shape, data }: Constant, groups: number, backward: boolean): Constant {
  const [kh = 1, kw = 1, cin = 1, cout = 1] = shape;
  const taps = kh * kw;
  const [depth, width] = backward ? [cout / groups, cin * groups] : [cin, cout];
  const size = blockOf(width, groups);
  const blocks = Math.ceil(width / size);
  const packed = new Float32Array(blocks * taps * depth * size);
  for (let tap = 0; tap < taps; tap++) {
    for (let d = 0; d < depth; d++) {
      for (let c = 0; c < width; c++) {
        const from = backward
          ? (tap * cin + (c % cin)) * cout + Math.floor(c / cin) * depth + d
          : (tap * cin + d) * cout + c;
        const block = Math.floor(c / size);
        packed[((block * taps + tap) * depth + d) * size + (c % size)] = data[from] ?? 0;
      }
    }
  }
  return { shape: [blocks, taps * depth, size], data: packed };
}

/** A layer whose constants "w", "b" and "wBackward" are those of a convolution, packed. */
export interface PackedLayer extends LayerBase {
  readonly op: string;
  readonly b?: Constant;
  readonly groups?: number;
  readonly activation?: FusedActivation;
}

/** The run of the kernel that computes a layer. */
export function forwardRun(
  { layer, constants, x: [x], y }: ForwardSite<PackedLayer>,
  taps: Taps,
): Convolution {
  const { name: label, groups, activation } = layer;
  return { label, x, w: uploaded(layer, constants, "w"), b: constants.b, y, ...taps, groups, activation };
}

/** The run of the kernel that computes the gradient to a layer's input. */
export function backwardRun(
  { layer, constants, dy, dx, accumulate, fused }: BackwardSite<PackedLayer>,
  taps: Taps,
): Convolution {
  const w = uploaded(layer, constants, "wBackward");
  return {
    ...{ label: `${layer.name} backward`, x: dy, w, y: dx },
    ...{ ...taps, groups: layer.groups, accumulate, fused },
  };
}

/** One of a layer's constants, on the device. @throws InputError naming the layer when it is missing. */
export function uploaded(
  { op, name: layer }: LayerBase & { readonly op: string },
  constants: Tensors,
  name: string,
): Tensor {
  const tensor = constants[name];
  if (!tensor) {
    throw new InputError(
      `${op} "${layer}": expected the constant "${name}", got none; upload what constants() returns`,
    );
  }
  return tensor;
}
