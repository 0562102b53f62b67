import productsShader from "../../shaders/channel_products.wgsl";
import countShader from "../../shaders/count_right.wgsl";
import removeShader from "../../shaders/remove_channels.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** y = a without the channels that the trial whose turn it is does not keep; see remove_channels.wgsl. */
export function createRemoveChannels(
  device: GPUDevice,
  bindings: {
    readonly a: Tensor;
    /** `[T, C]`: 1 where a channel stays. */
    readonly keep: Tensor<"u32">;
    readonly trial: Tensor<"u32">;
    readonly y: Tensor;
  },
): Promise<Command> {
  const size = sizeOf(bindings.a.shape);
  return createDispatch(device, removeShader, {
    params: { size, channels: bindings.a.shape.at(-1) ?? 1 },
    bindings,
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** Counts right answers by label for the trial whose turn it is, and begins the next; see count_right.wgsl. */
export function createCountRight(
  device: GPUDevice,
  bindings: {
    /** `[N, K]` */
    readonly scores: Tensor;
    /** `[N]`; one beyond the classes is not counted. */
    readonly labels: Tensor<"u32">;
    readonly trial: Tensor<"u32">;
    /** `[T, classes]` */
    readonly right: Tensor<"u32">;
  },
): Promise<Command> {
  const images = sizeOf(bindings.labels.shape);
  return createDispatch(device, countShader, {
    params: { images, scores: sizeOf(bindings.scores.shape) / images, labels: bindings.right.shape[1] ?? 1 },
    bindings,
    workgroups: [1],
  });
}

/** y [2, N, C]: means over the places of a·g and of |a·g|; see channel_products.wgsl. */
export function createChannelProducts(
  device: GPUDevice,
  bindings: { readonly a: Tensor; readonly g: Tensor; readonly y: Tensor },
): Promise<Command> {
  const [images = 1] = bindings.a.shape;
  const channels = bindings.a.shape.at(-1) ?? 1;
  const columns = images * channels;
  return createDispatch(device, productsShader, {
    params: { columns, channels, places: sizeOf(bindings.a.shape) / columns },
    bindings,
    workgroups: gridOf(Math.ceil(columns / 64)),
  });
}
