import shader from "../../shaders/fit_picture.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch } from "../gpu/dispatch.ts";
import type { Tensor } from "../gpu/tensor.ts";

export interface FitPictureSite {
  /** One pixel a word, red in the lowest byte and alpha in the highest, in rows of `stride` pixels. */
  readonly pixels: GPUBuffer;
  readonly stride: number;
  readonly size: { readonly width: number; readonly height: number };
  /** Size to which the picture is resized, and position of the input within it. */
  readonly resized: { readonly width: number; readonly height: number };
  readonly region: { readonly left: number; readonly top: number };
  /** [1, H, W, C], of one or three channels. */
  readonly x: Tensor;
  /** Per channel: v · scale + offset. */
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

/** Makes bringing a picture to a network's input ready to record. */
export function createFitPicture(device: GPUDevice, site: FitPictureSite): Promise<Command> {
  const { pixels, stride, size, resized, region, x } = site;
  const [, height = 1, width = 1, channels = 1] = x.shape;
  const four = (values: readonly number[]) => Array.from({ length: 4 }, (_, c) => values[c] ?? 0);
  return createDispatch(device, shader, {
    params: {
      size: [size.width, size.height],
      resized: [resized.width, resized.height],
      input: [width, height],
      region: [region.left, region.top],
      stride,
      channels,
      scale: four(site.scale),
      offset: four(site.offset),
    },
    bindings: { pixels, x },
    workgroups: [Math.ceil(width / 8), Math.ceil(height / 8)],
  });
}
