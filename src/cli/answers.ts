import { InputError, UnsupportedError } from "../gpu/errors.ts";
import type { Trust } from "../metrics/measures.ts";
import { SharedScores } from "../metrics/scores.ts";
import type { AttributionOptions } from "../techniques/attribution/options.ts";
import type { Attribution, AttributionTechnique } from "../techniques/attribution/technique.ts";
import { messageOf } from "./error-messages.ts";
import { type Asking, askTechnique, type Setting } from "./explanation.ts";
import type { Input } from "./images.ts";
import { progressOf } from "./io.ts";
import type { CommandNetworks } from "./networks.ts";
import type { ChosenObjective } from "./objective.ts";
import { techniqueSettings, toleranceOf } from "./technique-settings.ts";
import { measureTrust, type TrustPlan } from "./trust-measures.ts";

/** One question: a technique, at a layer where it weighs maps, about a class or neurons. */
export interface MapRequest {
  readonly technique: AttributionTechnique;
  readonly layer: string | undefined;
  readonly objective: ChosenObjective;
}

/** Its answer, or why there is none. */
export type Answer = MapRequest & {
  readonly found: Attribution | string;
  /** About how many images it took. */
  readonly samples: number | undefined;
  readonly trust?: Trust | undefined;
};

interface AnswerSetting extends Setting {
  readonly input: Input;
  readonly plan: TrustPlan | undefined;
}

/** Asks one technique after another about all objectives, and measures each answer where that is wanted. */
export async function answerAll(
  networks: CommandNetworks,
  { techniques, layers }: Asking,
  objectives: readonly ChosenObjective[],
  setting: AnswerSetting,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const pairs = techniques.flatMap((technique) =>
    (technique.weighsMaps ? layers : [undefined]).map((layer) => ({ technique, layer })),
  );
  const shared = objectives.map(() => new SharedScores());
  for (const [i, { technique, layer }] of pairs.entries()) {
    const name = `${i + 1} of ${pairs.length}, ${technique.name}`;
    const questions = objectives.map((objective) => ({ technique, layer, objective }));
    const settings = {
      ...(techniques.length > 1 ? technique.quick : undefined),
      ...toleranceOf(technique, setting.values),
      ...techniqueSettings(technique, setting.values),
      layer: technique.weighsMaps ? layer : undefined,
    };
    answers.push(...(await answer(networks, technique, questions, { ...setting, name, settings, shared })));
  }
  return answers;
}

async function answer(
  networks: CommandNetworks,
  technique: AttributionTechnique,
  questions: readonly MapRequest[],
  more: AnswerSetting & {
    readonly name: string;
    readonly settings: Omit<AttributionOptions, "target">;
    /** One for each objective. */
    readonly shared: readonly SharedScores[];
  },
): Promise<Answer[]> {
  const { input, io, plan, name, settings, shared } = more;
  const objectives = questions.map(({ objective }) => objective);
  try {
    const onProgress = progressOf(io, name);
    onProgress(0);
    const network = await networks.of(technique);
    const asked = { settings: { ...settings, ...networks.memoryFor(network) }, io, onProgress };
    const all = await askTechnique(technique, network, input, objectives, asked);
    const answers: Answer[] = [];
    for (const [i, found] of all.entries()) {
      const question = questions[i];
      if (!question) continue;
      const { objective } = question;
      const known = { objective, networks, settings, shared: shared[i] ?? new SharedScores(), io };
      const loop = { ...known, onProgress: progressOf(io, `${name}, its trust`) };
      const trust = plan && (await measureTrust(network, input.values, technique, found, plan, loop));
      answers.push({
        ...question,
        samples: settings.samples ?? technique.passes,
        found,
        trust,
      });
    }
    return answers;
  } catch (error) {
    // Not every technique is defined for every network, or for neurons: the sheet says so in its place.
    const ofNeurons = objectives.some(({ report }) => report.index === undefined);
    if (!(error instanceof UnsupportedError) && !(ofNeurons && error instanceof InputError)) throw error;
    return questions.map((question) => ({
      ...question,
      samples: undefined,
      found: messageOf(error),
    }));
  }
}
