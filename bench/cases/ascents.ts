import { createNetwork, type Graph } from "../../src/index.ts";
import { type AscentImage, type AscentOptions, createAscent } from "../../src/optimise.ts";
import type { Bench, Contender } from "../case.ts";
import { tfjsContender } from "../peers/contenders.ts";
import { recordedRunner } from "../peers/ours.ts";
import type { Runner } from "../runner.ts";
import type { TfjsAscent, tfjsStyle } from "../techniques/tfjs-synthesis.ts";

/** Steps of an ascent of ours, some of them taken before it is timed. */
export async function ascends(
  { device }: Bench,
  graph: Graph,
  batch: number,
  layers: readonly string[],
  options: AscentOptions<AscentImage>,
  before = 0,
): Promise<Runner> {
  const network = await createNetwork(device, graph, { batch, keep: layers });
  const ascent = await createAscent(network, options);
  const submit = (record: (encoder: GPUCommandEncoder) => void): void => {
    const encoder = device.createCommandEncoder();
    record(encoder);
    device.queue.submit([encoder.finish()]);
  };
  submit((encoder) => ascent.recordStart(encoder));
  const runner = recordedRunner(device, {
    record: (encoder) => ascent.recordStep(encoder),
    y: ascent.image.pixels,
    destroy() {
      ascent.destroy();
      network.destroy();
    },
  });
  if (before > 0) await runner.submit(before);
  return {
    ...runner,
    read() {
      submit((encoder) => ascent.recordPixels(encoder));
      return runner.read();
    },
  };
}

/** The same on tfjs. */
export function tfjsAscends(
  bench: Bench,
  create: (tf: Parameters<typeof tfjsStyle>[0]) => TfjsAscent,
  before = 0,
): Contender {
  return tfjsContender(bench, async ({ tf, runner }) => {
    const { step, pixels, dispose } = create(tf);
    const steps = runner(step, dispose);
    await steps.submit(before);
    return {
      ...steps,
      async read() {
        const shown = pixels();
        const values = (await shown.data()) as Float32Array;
        shown.dispose();
        return values;
      },
    };
  });
}
