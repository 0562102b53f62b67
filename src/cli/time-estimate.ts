import { readTensor } from "../gpu/tensor.ts";
import { type Measure, TRUST_DEFAULTS, type TrustOptions } from "../metrics/measures.ts";
import type { Network } from "../network/network.ts";
import type { AttributionOptions } from "../techniques/attribution/options.ts";
import type { AttributionTechnique } from "../techniques/attribution/technique.ts";

/** The measures of one technique, and its settings. */
export interface Work {
  readonly technique: AttributionTechnique;
  readonly settings: Pick<AttributionOptions, "samples" | "steps">;
  readonly measures: readonly Measure[];
}

/** Images that one map takes through the network; one back to the image costs about as much again. */
function passesOfMap({ technique, settings }: Work): number {
  const { passes = 1, options, forwardOnly } = technique;
  const own =
    "samples" in options
      ? (settings.samples ?? passes)
      : "steps" in options
        ? (settings.steps ?? passes)
        : passes;
  return own * (forwardOnly ? 1 : 2);
}

/** About how many images techniques and their measures take through the network, for one image that is explained. */
export function passesOf(
  all: readonly Work[],
  {
    steps = TRUST_DEFAULTS.steps,
    randomBaselines = TRUST_DEFAULTS.randomBaselines,
  }: Pick<TrustOptions, "steps" | "randomBaselines">,
): number {
  const taken = (measure: Measure): boolean => all.some(({ measures }) => measures.includes(measure));
  // What no map decides is scored once for all techniques.
  let passes = (taken("muFidelity") ? 200 : 0) + (taken("infidelity") ? 180 : 0);
  for (const work of all) {
    const map = passesOfMap(work);
    const { technique, measures } = work;
    const has = (measure: Measure): number => Number(measures.includes(measure));
    passes += (steps + 1) * (randomBaselines + 1) * (has("insertion") + has("deletion"));
    const others = has("randomLogit") + has("runnerUp");
    passes +=
      map *
      (1 +
        TRUST_DEFAULTS.perturbations * has("sensitivity") +
        has("modelRandomisation") +
        (technique.runEach ? 0 : others));
  }
  return passes;
}

/** Seconds that an image takes through a network on this machine, in a batch as large as the network's. */
export async function secondsOfPass(network: Network, signal: AbortSignal): Promise<number> {
  return network.inTurn(
    async (turn) => {
      const run = async (): Promise<number> => {
        const started = performance.now();
        const encoder = turn.device.createCommandEncoder({ label: "vitrine estimate" });
        turn.forward(encoder);
        turn.device.queue.submit([encoder.finish()]);
        await readTensor(turn.device, turn.activation(turn.graph.output));
        return (performance.now() - started) / 1000 / turn.batch;
      };
      // The first run compiles.
      await run();
      return run();
    },
    { signal },
  );
}

/** A duration as people say it. */
export function inWords(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`;
  return `${(seconds / 3600).toFixed(1)} hours`;
}
