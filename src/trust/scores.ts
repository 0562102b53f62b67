import type { Command } from "../gpu/kernel.ts";
import { withScope } from "../gpu/scope.ts";
import { readTensor, type Tensor } from "../gpu/tensor.ts";
import { createBatches, type LoopOptions } from "../loops/batches.ts";
import { runSamples } from "../loops/samples.ts";
import type { Network } from "../network/network.ts";
import { createObjective } from "../objectives/commands.ts";
import type { Objective } from "../objectives/objective.ts";

/** Number of samples that fill whole batches: what a plan of one row a sample needs, so that no kernel reads beyond it. */
export function wholeBatches({ batch }: Network, count: number): number {
  return Math.ceil(count / batch) * batch;
}

/** The objective of every sample that `fill` makes, as many at a time as the network's batch. */
export function scoresOf(
  network: Network,
  objective: Objective,
  count: number,
  fill: (position: Tensor) => Promise<Command>,
  options: LoopOptions,
): Promise<Float32Array> {
  return withScope(network.device, async ({ own, tensor, command }) => {
    const batches = own(createBatches(network, count, "trust"));
    const asked = own(await createObjective(network, objective));
    const scores = tensor([wholeBatches(network, count)], { label: "trust scores" });
    const made = await command(fill(batches.position));
    await runSamples(network, asked, { batches, fill: made, scores }, options);
    const found = await readTensor(network.device, scores);
    options.signal?.throwIfAborted();
    return found.subarray(0, count);
  });
}
