import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import type { Network } from "../network/network.ts";
import { Objective } from "../objectives/objective.ts";
import { copyOf } from "../techniques/answer.ts";
import type { Attribution, AttributionTechnique } from "../techniques/attribution/technique.ts";
import { type Asked, ask, type Picture, questionOf, type ScoreKind } from "../techniques/explain.ts";
import type { Judged, TrustOptions } from "./measures.ts";

/** How a technique's maps of an image are made. */
export interface Making extends Asked {
  /** `[H, W, C]`: the image as the network takes it. */
  readonly input: Float32Array;
  readonly kind: AttributionTechnique["kind"] | undefined;
  /** The class's score that the technique explains. */
  readonly on: ScoreKind;
  /** @param asked default: what was asked. */
  run(network: Network, input: Float32Array, asked?: Asked, onProgress?: Progress): Promise<Attribution>;
  /**
   * The maps of several questions about one image, those of a technique of many samples from one sweep for all. Questions
   * about classes are about the same output.
   */
  runEach(
    network: Network,
    input: Float32Array,
    asked: readonly Asked[],
    onProgress?: Progress,
  ): Promise<readonly Attribution[]>;
}

/** A map, and how its technique makes another. */
export interface Made extends Making {
  readonly map: Attribution;
}

type Progress = (fraction: number) => void;
type MakingOptions = Pick<TrustOptions, "target" | "output" | "settings" | "explanation" | "signal">;

/** Finds out what is asked, before any map is made. */
export async function prepare(
  network: Network,
  image: Picture,
  technique: Judged,
  { target: question, output, settings = {}, signal }: MakingOptions,
): Promise<Making> {
  const called: unknown = typeof technique === "function" ? technique : technique?.run;
  if (typeof called !== "function") {
    throw new InputError(
      `trust: expected a technique, such as saliency or attributionNamed("grad-cam"), got ${describe(technique)}`,
    );
  }
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
  const optionsOf = (onProgress: Progress | undefined) => ({
    ...settings,
    ...stop,
    ...(onProgress ? { onProgress } : {}),
  });
  const run: Making["run"] = async (on, of, what = asked, onProgress?) => {
    const found = withoutGaps(await judged.run(on, of, { ...optionsOf(onProgress), ...questionOf(what) }));
    signal?.throwIfAborted();
    onProgress?.(1);
    return found;
  };
  return {
    ...asked,
    input,
    kind: judged.kind,
    on: settings.on ?? judged.on ?? "logit",
    run,
    async runEach(on, of, all, onProgress) {
      const questions = all.map(questionOf);
      const output = questions.find((one) => one.output !== undefined)?.output;
      if (judged.runEach && all.length > 1) {
        const options = { ...optionsOf(onProgress), ...(output === undefined ? {} : { output }) };
        const targets = questions.map((one) => one.target);
        const found = await judged.runEach(on, of, targets, options);
        signal?.throwIfAborted();
        onProgress?.(1);
        return found.map(withoutGaps);
      }
      const found: Attribution[] = [];
      for (const one of all) {
        found.push(await run(on, of, one, (part) => onProgress?.((found.length + part) / all.length)));
      }
      return found;
    },
  };
}

/** Makes a technique's map of an image, unless it is given. */
export async function makeMap(
  network: Network,
  image: Picture,
  technique: Judged,
  options: MakingOptions,
): Promise<Made> {
  const making = await prepare(network, image, technique, options);
  const { explanation } = options;
  const map = explanation ? withoutGaps(explanation) : await making.run(network, making.input);
  return { ...making, map };
}

/** A map whose places of which nothing is known count as 0: nothing speaks for them. */
export function withoutGaps(map: Attribution): Attribution {
  if (map.gaps === undefined) return map;
  return { ...map, data: map.data.map((value) => (Number.isNaN(value) ? 0 : value)) };
}
