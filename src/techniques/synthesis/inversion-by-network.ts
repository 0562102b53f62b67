import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { withScope } from "../../gpu/scope.ts";
import { formatShape, readTensor } from "../../gpu/tensor.ts";
import { type Graph, inputsOf, type OutputRange } from "../../graph/graph.ts";
import { drawnShape, outputRangeOf } from "../../graph/output-range.ts";
import { upTo } from "../../graph/up-to.ts";
import { type Picture, readInput } from "../../images/picture.ts";
import type { Pixels } from "../../images/pixels.ts";
import { createNetwork } from "../../network/create-network.ts";
import { assertInputsFixed } from "../../network/inputs.ts";
import type { Networks } from "../../network/pool.ts";
import { assertAnswer } from "../answer-checks.ts";
import { assertPool } from "../robustness/attack-pictures.ts";
import { submit, writeInput } from "../submit.ts";
import { drawnPixels } from "./drawn-pixels.ts";

export interface InversionByNetworkOptions {
  /** The layer whose features are shown. */
  readonly layer: string;
  /** The decoder's numbers for black and for white. Default: what its file declares; few do. */
  readonly output?: OutputRange | undefined;
  readonly signal?: AbortSignal | undefined;
}

const INVERSION: Fields<InversionByNetworkOptions> = { layer: "must", output: "may", signal: "may" };

const WHO = "inversionByNetwork";

/**
 * Shows what a layer keeps of a picture by a decoder, a network that was trained to draw pictures of that layer's features
 * (Dosovitskiy & Brox 2016, "Inverting visual representations with convolutional networks"). What the layer lost is drawn as it is on
 * average, so it is blurred or grey. One pass, where `featureDistance` with an ascent takes hundreds.
 * @param networks pool of the network that is looked into.
 * @param decoder a network with one input, of the layer's shape.
 * @returns the picture of the decoder's size.
 * @throws InputError for a layer that there is not, a decoder that does not fit, a picture that cannot be read, or an output range
 * that is not known; the signal's reason.
 * @example
 * const seen = await inversionByNetwork(networks, decoder, photograph, { layer: "conv3_3", output: [0, 1] });
 */
export async function inversionByNetwork(
  networks: Networks,
  decoder: Graph,
  picture: Picture,
  options: InversionByNetworkOptions,
): Promise<Pixels> {
  assertPool(WHO, networks);
  assertFields(WHO, options, INVERSION);
  const { layer, signal } = options;
  const { graph, device } = networks;
  const range = outputRangeOf(WHO, decoder, options.output);
  const [, , channels] = drawnShape(WHO, decoder);
  if (channels !== 3) {
    throw new UnsupportedError(
      `${WHO}: expected "${decoder.name}" to give red, green and blue, got ${channels} channels`,
    );
  }
  const deep = upTo(graph, [layer]);
  assertInputsFixed(WHO, deep);
  const input = await readInput(deep, picture);
  signal?.throwIfAborted();
  return withScope(device, WHO, async ({ own }) => {
    const network = own(await networks.temporary({ graph: deep, keep: [layer] }));
    const features = network.activation(layer);
    const [asked, ...more] = inputsOf(decoder);
    const wanted = features.shape.slice(1);
    if (more.length > 0 || formatShape(asked.shape) !== formatShape(wanted)) {
      const got = inputsOf(decoder).map(({ shape }) => formatShape(shape));
      throw new InputError(
        `${WHO}: expected "${decoder.name}" to take ${formatShape(wanted)}, the features of "${layer}", got ${got.join(" and ")}`,
      );
    }
    const drawer = own(await createNetwork(device, decoder, { keep: [] }));
    writeInput(network, input);
    submit(network, (encoder) => {
      network.forward(encoder);
      encoder.copyBufferToBuffer(features.buffer, drawer.input.buffer, features.buffer.size);
      drawer.forward(encoder);
    });
    const drawn = drawer.activation(drawer.graph.output);
    const values = await readTensor(device, drawn);
    signal?.throwIfAborted();
    await assertAnswer(drawer, values, "the picture");
    const [, height = 0, width = 0] = drawn.shape;
    return drawnPixels(values, { width, height }, range);
  });
}
