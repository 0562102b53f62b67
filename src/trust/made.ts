import type { Network } from "../network/network.ts";
import { Objective } from "../objectives/objective.ts";
import { copyOf } from "../techniques/answer.ts";
import type { Attribution, AttributionTechnique } from "../techniques/catalogue.ts";
import { type Asked, ask, type Picture, questionOf, type ScoreKind } from "../techniques/explain.ts";
import type { Judged, TrustOptions } from "./measures.ts";

/** A map, and how its technique makes another. */
export interface Made extends Asked {
  /** [H, W, C]: the image as the network takes it. */
  readonly input: Float32Array;
  readonly map: Attribution;
  readonly figure: AttributionTechnique["figure"] | undefined;
  /** The class's score that the technique explains. */
  readonly on: ScoreKind;
  /** @param asked default: what was asked. */
  run(network: Network, input: Float32Array, asked?: Asked): Promise<Attribution>;
}

/** Makes a technique's map of an image, unless it is given. */
export async function makeMap(
  network: Network,
  image: Picture,
  technique: Judged,
  {
    target: question,
    output,
    settings = {},
    explanation,
    signal,
  }: Pick<TrustOptions, "target" | "output" | "settings" | "explanation" | "signal">,
): Promise<Made> {
  const judged: Exclude<Judged, (...args: never) => unknown> =
    typeof technique === "function" ? { run: technique } : technique;
  const input = await copyOf(network, image);
  const stop = signal ? { signal } : {};
  const asked: Asked =
    question instanceof Objective
      ? { target: question }
      : await ask(network, input, {
          ...(question === undefined ? {} : { target: question }),
          ...(output === undefined ? {} : { output }),
          ...stop,
        });
  const run: Made["run"] = async (on, of, what = asked) =>
    withoutGaps(await judged.run(on, of, { ...settings, ...stop, ...questionOf(what) }));
  const map = explanation ? withoutGaps(explanation) : await run(network, input);
  signal?.throwIfAborted();
  return { ...asked, input, map, figure: judged.figure, on: settings.on ?? judged.on ?? "logit", run };
}

/** A map whose places of which nothing is known count as 0: nothing speaks for them. */
function withoutGaps(map: Attribution): Attribution {
  if (map.gaps === undefined) return map;
  return { ...map, data: map.data.map((value) => (Number.isNaN(value) ? 0 : value)) };
}
