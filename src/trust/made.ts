import { logitsOf } from "../network/graph.ts";
import type { Network, Target } from "../network/network.ts";
import { Objective } from "../objectives/objective.ts";
import { copyOf } from "../techniques/answer.ts";
import type { Attribution, AttributionTechnique } from "../techniques/catalogue.ts";
import { ask, asksClass, type Picture } from "../techniques/explain.ts";
import type { Judged, TrustOptions } from "./measures.ts";

/** A map, and how its technique makes another. */
export interface Made {
  /** [H, W, C]: the image as the network takes it. */
  readonly input: Float32Array;
  readonly target: Target | Objective;
  readonly map: Attribution;
  readonly figure: AttributionTechnique["figure"] | undefined;
  /** The class's score that the technique explains. */
  readonly on: "logit" | "probability";
  run(network: Network, input: Float32Array, target: Target | Objective): Promise<Attribution>;
}

/** Whether a target is a class of a network that scores every class once, and not at every place. */
export function isClass(
  network: Network,
  target: Target | Objective,
): target is Target & { channel: number } {
  const shape = network.shapes.get(logitsOf(network.graph)) ?? [];
  return asksClass(network, target) && shape.slice(1, -1).every((axis) => axis === 1);
}

/** Makes a technique's map of an image, unless it is given. */
export async function makeMap(
  network: Network,
  image: Picture,
  technique: Judged,
  {
    target: question,
    settings = {},
    explanation,
    signal,
  }: Pick<TrustOptions, "target" | "settings" | "explanation" | "signal">,
): Promise<Made> {
  const judged: Exclude<Judged, (...args: never) => unknown> =
    typeof technique === "function" ? { run: technique } : technique;
  const input = await copyOf(network, image);
  const stop = signal ? { signal } : {};
  const target =
    question instanceof Objective
      ? question
      : await ask(network, input, { ...(question === undefined ? {} : { target: question }), ...stop });
  const run: Made["run"] = (on, of, what) => judged.run(on, of, { ...settings, ...stop, target: what });
  const map = explanation ?? (await run(network, input, target));
  signal?.throwIfAborted();
  return { input, target, map, figure: judged.figure, on: settings.on ?? judged.on ?? "logit", run };
}
