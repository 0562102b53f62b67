import type { Network } from "../../network/network.ts";
import type { Picture } from "../question.ts";
import { type AttributionCommand, createPrepared } from "./command.ts";
import { attributionNamed } from "./list.ts";
import type { AttributionOptions } from "./options.ts";
import type { Attribution, AttributionTechnique } from "./technique.ts";

/**
 * Makes any attribution technique ready to record on an image, for an app with frames of its own: what the technique's one-line
 * call runs. Creating it runs the network where the class must be found. Recording writes no queue and submits nothing. Where
 * the end is the processor's (a product with the image, LIME's fit, the graph cut of a mask), `read` does it.
 * @param technique its name, or its record in `ATTRIBUTIONS`.
 * @throws InputError for an option out of range; UnsupportedError for a network that the technique is not defined on.
 * @example
 * const command = await createAttribution(network, "smoothgrad", image, { target: "star" });
 * const encoder = device.createCommandEncoder();
 * drawScene(encoder);
 * command.record(encoder);
 * device.queue.submit([encoder.finish()]);
 * const { data, shape } = await command.read();
 * command.destroy();
 */
export async function createAttribution(
  network: Network,
  technique: string | AttributionTechnique,
  image: Picture,
  options: AttributionOptions = {},
): Promise<AttributionCommand<Attribution>> {
  const { title, prepare } = typeof technique === "string" ? attributionNamed(technique) : technique;
  return createPrepared(network, image, title, options, prepare);
}
