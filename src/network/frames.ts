import { recordCommands } from "../gpu/command.ts";
import { checked } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { build } from "../gpu/scope.ts";
import { drawFrame, type FrameSource } from "../images/picture.ts";
import { cropOf, inputShape } from "../images/preprocess.ts";
import { createFitPicture } from "../kernels/fit-picture.ts";
import type { Network } from "./network.ts";

/** Brings one frame after another to a network's input, without reading it back from the GPU. */
export interface FrameInput {
  /** The frame, rgba8unorm, not premultiplied. Written by `write`, or by whoever has pixels on the GPU already. */
  readonly texture: GPUTexture;
  /** Copies a video's or canvas's present picture to the texture, in queue order. @throws InputError when it has none, or another size. */
  write(source: FrameSource): void;
  /** Records bringing the texture to the network's input, as the graph's preprocessing says. */
  record(encoder: GPUCommandEncoder): void;
  /** Frees what it allocated; the network stays. */
  destroy(): void;
}

/** Rows of a texture are copied at multiples of so many bytes. */
const ROW = 256;

/**
 * Makes frames of one size ready to be a network's input, the first of its batch: what `readInput` makes of the same
 * picture, within a thousandth of the range of its values. Worth it for a video, whose frames need not be read back.
 * @throws InputError for a size that the device has no textures for.
 * @throws UnsupportedError when the network takes neither 1 nor 3 channels.
 */
export async function createFrameInput(
  network: Network,
  size: { readonly width: number; readonly height: number },
): Promise<FrameInput> {
  const { device, graph } = network;
  const { width, height } = size;
  const most = device.limits.maxTextureDimension2D;
  if (![width, height].every((side) => Number.isInteger(side) && side >= 1 && side <= most)) {
    throw new InputError(`frames: expected a size of 1 to ${most} pixels a side, got ${width}×${height}`);
  }
  const [, , channels] = inputShape(graph);
  const { range, mean, std } = graph.preprocessing;
  const perChannel = (value: (mean: number, std: number) => number) =>
    Array.from({ length: channels }, (_, c) => value(mean[c] ?? 0, std[c] ?? 1));
  const { region, ...resized } = cropOf(size, graph);
  const bytesPerRow = Math.ceil((width * 4) / ROW) * ROW;

  const label = `vitrine frames of "${graph.name}"`;
  return build(device, label, async ({ own, command }) => {
    const [texture, pixels] = await checked(
      device,
      label,
      () =>
        [
          own(
            device.createTexture({
              label,
              size: [width, height],
              format: "rgba8unorm",
              // The browser draws what it copies from outside.
              usage: GPUTextureUsage.COPY_DST | GPUTextureUsage.COPY_SRC | GPUTextureUsage.RENDER_ATTACHMENT,
            }),
          ),
          own(
            device.createBuffer({
              label,
              size: bytesPerRow * height,
              usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.STORAGE,
            }),
          ),
        ] as const,
    );
    const fit = await command(
      createFitPicture(device, {
        ...{ pixels, stride: bytesPerRow / 4, size, resized, region, x: network.input },
        scale: perChannel((_, s) => 1 / (range * s)),
        offset: perChannel((m, s) => -m / s),
      }),
    );
    return {
      texture,
      write(source: FrameSource) {
        drawFrame(source, size, (frame) => {
          const target = { texture, colorSpace: "srgb", premultipliedAlpha: false } as const;
          device.queue.copyExternalImageToTexture({ source: frame }, target, [width, height]);
        });
      },
      record(encoder: GPUCommandEncoder) {
        encoder.copyTextureToBuffer({ texture }, { buffer: pixels, bytesPerRow }, [width, height]);
        recordCommands(encoder, [fit]);
      },
    };
  });
}
