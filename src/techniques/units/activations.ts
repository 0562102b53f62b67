import { readTensor, type Shape, sizeOf } from "../../gpu/tensor.ts";
import type { InputOptions } from "../../network/inputs.ts";
import type { Network } from "../../network/network.ts";
import { answer } from "../answer.ts";
import type { Picture } from "../question.ts";
import { submitForward, writeInput } from "../submit.ts";

export interface ActivationsOptions extends InputOptions {
  readonly layer: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The output of a layer for an image: [h, w, c], or [features].
 * @throws InputError when there is no such layer, or it was fused away.
 */
export function activations(
  network: Network,
  image: Picture,
  options: ActivationsOptions,
): Promise<{ readonly data: Float32Array; readonly shape: Shape }> {
  return answer(network, image, options, outputOf, {
    who: "activations",
    fields: { layer: "must", inputs: "may", signal: "may" },
  });
}

async function outputOf(
  network: Network,
  input: Float32Array,
  { layer, signal }: ActivationsOptions,
): Promise<{ readonly data: Float32Array; readonly shape: Shape }> {
  const tensor = network.activation(layer);
  writeInput(network, input);
  await submitForward(network, { to: layer });
  const shape = tensor.shape.slice(1);
  const data = await readTensor(network.device, tensor);
  signal?.throwIfAborted();
  return { data: data.slice(0, sizeOf(shape)), shape };
}
