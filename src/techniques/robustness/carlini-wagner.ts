import type { Picture } from "../../images/picture.ts";
import type { Networks } from "../../network/pool.ts";
import { adam } from "../../optimise/optimisers/adam.ts";
import type { Attack } from "./attack.ts";
import { nearestPictures } from "./nearest-picture.ts";
import {
  type AttackOptions,
  type CommonAttackOptions,
  notNegative,
  positive,
  searchesOption,
  stepsOption,
  whole,
} from "./options.ts";
import { attackTechnique } from "./technique.ts";

export type CarliniWagnerOptions = CommonAttackOptions &
  Pick<AttackOptions, "steps" | "searches" | "constant" | "rate" | "confidence">;

/**
 * Carlini & Wagner's attack for the norm L2 (2017): Adam minimises ‖x − x₀‖² + c·max(Z_y − max Z_other, −κ), Z the scores and κ the
 * confidence; with a target, c·max(max Z_other − Z_t, −κ). Pixels are (tanh(w) + 1)/2, so that they stay within 0…1. The weight c
 * begins at .001, grows tenfold until the goal is reached, and is then searched by halves. The nearest picture of all searches is the answer.
 *
 * As published it takes 9 searches of 10 000 steps; a tenth of the steps is mostly enough. Of each search the nearest picture is
 * read back; the code's early end, which would look at the whole batch, is left out.
 * @throws as `fgsm`.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { carliniWagner } from "vitrine/robustness";
 *
 * const networks = createNetworks(device, graph);
 * const [attack] = await carliniWagner(networks, [picture], { constant: 1, searches: 2, steps: 50 });
 * console.log(attack?.succeeded, attack?.l2);
 * networks.destroy();
 * ```
 */
export function carliniWagner(
  networks: Networks,
  pictures: Iterable<Picture>,
  options: CarliniWagnerOptions = {},
): Promise<Attack[]> {
  return CARLINI_WAGNER.run(networks, pictures, options);
}

const NAME = "carlini-wagner";
const USUAL = { steps: 10_000, searches: 9, constant: 0.001, rate: 0.01, confidence: 0 } as const;

export const CARLINI_WAGNER = attackTechnique({
  name: NAME,
  title: "Carlini and Wagner",
  paper: { authors: "Carlini & Wagner", year: 2017, arxiv: "1608.04644" },
  summary: "The nearest picture that the network sees as something else, by Adam on distance and margin.",
  options: {
    steps: stepsOption(USUAL.steps, "Number of steps of each search; 1000 are mostly enough."),
    searches: searchesOption(USUAL.searches),
    constant: {
      type: { kind: "number" },
      default: USUAL.constant,
      help: "The first weight of the margin beside the squared distance.",
    },
    rate: { type: { kind: "number" }, default: USUAL.rate, help: "The rate of Adam." },
    confidence: {
      type: { kind: "number" },
      default: USUAL.confidence,
      help: "How far the score that is wanted shall lie above the others. What lies further survives rounding and defences better.",
    },
  },
  check(options) {
    const { steps, searches, constant, rate, confidence } = settingsOf(options);
    whole(NAME, "steps", steps, 1, 100_000);
    whole(NAME, "searches", searches, 1, 100);
    positive(NAME, "a constant", constant);
    positive(NAME, "a rate", rate);
    notNegative(NAME, "a confidence", confidence);
  },
  find(site, options) {
    const { rate, confidence, ...search } = settingsOf(options);
    const loss = { margin: confidence };
    return nearestPictures(site, { ...search, loss, beyond: confidence, optimiser: adam({ rate }) });
  },
});

function settingsOf({
  steps = USUAL.steps,
  searches = USUAL.searches,
  constant = USUAL.constant,
  rate = USUAL.rate,
  confidence = USUAL.confidence,
}: AttackOptions) {
  return { steps, searches, constant, rate, confidence };
}
