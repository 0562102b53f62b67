import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import type { Network } from "../network/network.ts";
import { Objective } from "../objectives/objective.ts";
import { copyOf } from "../techniques/answer.ts";
import type { Attribution, AttributionTechnique } from "../techniques/attribution/technique.ts";
import { type Asked, ask, type Picture, questionOf, type ScoreKind } from "../techniques/question.ts";
import type { EvaluatedTechnique, TrustOptions } from "./measures.ts";

/** A question about an image, and the technique that answers it with maps. */
export interface MapMaker extends Asked {
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

/** A map, with the maker of others like it. */
export interface MadeMap extends MapMaker {
  readonly map: Attribution;
}

type Progress = (fraction: number) => void;
type MapOptions = Pick<
  TrustOptions,
  "target" | "output" | "inputs" | "region" | "settings" | "explanation" | "signal"
>;

/** Finds out what is asked of an image. No map is made yet. */
export async function createMapMaker(
  network: Network,
  image: Picture,
  technique: EvaluatedTechnique,
  { target: question, output, region, settings = {}, inputs, signal }: MapOptions,
): Promise<MapMaker> {
  const called: unknown = typeof technique === "function" ? technique : technique?.run;
  if (typeof called !== "function") {
    throw new InputError(
      `trust: expected a technique, such as saliency or attributionNamed("grad-cam"), got ${describe(technique)}`,
    );
  }
  const judged: Exclude<EvaluatedTechnique, (...args: never) => unknown> =
    typeof technique === "function" ? { run: technique } : technique;
  const input = await copyOf(network, image);
  const asked: Asked =
    question instanceof Objective
      ? { target: question }
      : await ask(network, input, {
          target: question,
          output,
          region,
          inputs,
          signal,
        });
  const optionsOf = (onProgress: Progress | undefined) => ({
    ...settings,
    inputs,
    signal,
    onProgress,
  });
  const run: MapMaker["run"] = async (on, of, what = asked, onProgress?) => {
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
        const options = { ...optionsOf(onProgress), output };
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
  technique: EvaluatedTechnique,
  options: MapOptions,
): Promise<MadeMap> {
  const maker = await createMapMaker(network, image, technique, options);
  const { explanation } = options;
  const map = explanation ? withoutGaps(explanation) : await maker.run(network, maker.input);
  return { ...maker, map };
}

/** A map in which unknown places count as 0. */
export function withoutGaps(map: Attribution): Attribution {
  if (map.gaps === undefined) return map;
  return { ...map, data: map.data.map((value) => (Number.isNaN(value) ? 0 : value)) };
}
