import type { Picture } from "../../images/picture.ts";
import type { Networks } from "../../network/pool.ts";
import { lbfgs } from "../../optimise/optimisers/lbfgs.ts";
import type { Attack } from "./attack.ts";
import { type Goal, runnerUp } from "./goal.ts";
import { nearestPictures } from "./nearest-picture.ts";
import {
  type AttackOptions,
  type CommonAttackOptions,
  positive,
  searchesOption,
  stepsOption,
  whole,
} from "./options.ts";
import { attackTechnique } from "./technique.ts";

export type LbfgsAttackOptions = CommonAttackOptions & Pick<AttackOptions, "steps" | "searches" | "constant">;

/**
 * The first attack (Szegedy et al. 2013): L-BFGS minimises ‖x − x₀‖² + c·CE(target), CE the cross-entropy. Without a target it goes to
 * the class that comes second. The weight c begins at .01, grows tenfold until the goal is reached, and is then searched by halves, 5
 * times in all; the nearest picture is the answer. The box 0…1 is kept by pixels (tanh(w) + 1)/2, so that L-BFGS needs no bounds.
 * @throws as `fgsm`.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { lbfgsAttack } from "vitrine/robustness";
 *
 * const networks = createNetworks(device, graph);
 * const [attack] = await lbfgsAttack(networks, [picture], { target: "ring" });
 * console.log(attack?.succeeded, attack?.l2);
 * networks.destroy();
 * ```
 */
export function lbfgsAttack(
  networks: Networks,
  pictures: Iterable<Picture>,
  options: LbfgsAttackOptions = {},
): Promise<Attack[]> {
  return L_BFGS.run(networks, pictures, options);
}

const NAME = "l-bfgs";
const USUAL = { steps: 100, searches: 5, constant: 0.01 } as const;

export const L_BFGS = attackTechnique({
  name: NAME,
  title: "L-BFGS attack",
  paper: { authors: "Szegedy et al.", year: 2013, arxiv: "1312.6199" },
  summary: "The nearest picture of another class, by L-BFGS on distance and cross-entropy.",
  options: {
    steps: stepsOption(USUAL.steps, "Number of steps of each search."),
    searches: searchesOption(USUAL.searches),
    constant: {
      type: { kind: "number" },
      default: USUAL.constant,
      help: "The first weight of the cross-entropy beside the squared distance.",
    },
  },
  check(options) {
    const { steps, searches, constant } = settingsOf(options);
    whole(NAME, "steps", steps, 1, 100_000);
    whole(NAME, "searches", searches, 1, 100);
    positive(NAME, "a constant", constant);
  },
  find(site, options) {
    const goals = site.goals.map((goal, n): Goal => {
      const { label, target = runnerUp(site.head, site.scores[n] as Float32Array, label) } = goal;
      return { label, target };
    });
    return nearestPictures({ ...site, goals }, { ...settingsOf(options), loss: {}, optimiser: lbfgs() });
  },
});

function settingsOf({
  steps = USUAL.steps,
  searches = USUAL.searches,
  constant = USUAL.constant,
}: AttackOptions) {
  return { steps, searches, constant };
}
