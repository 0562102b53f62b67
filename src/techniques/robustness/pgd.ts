import { recordCommands } from "../../gpu/command.ts";
import { readTensor } from "../../gpu/tensor.ts";
import type { Picture } from "../../images/picture.ts";
import { createProjectedStep } from "../../kernels/attack.ts";
import type { Networks } from "../../network/pool.ts";
import type { Attack } from "./attack.ts";
import { createLossPass } from "./loss.ts";
import {
  type AttackOptions,
  ballOf,
  type CommonAttackOptions,
  EPSILON,
  NORM,
  positive,
  START,
  START_SEED,
  stepsOption,
  whole,
} from "./options.ts";
import { assertStart, writeStart } from "./random-start.ts";
import { attackTechnique } from "./technique.ts";

export type PgdOptions = CommonAttackOptions &
  Pick<AttackOptions, "epsilon" | "norm" | "step" | "steps" | "start" | "seed">;

/**
 * Projected gradient descent (Madry et al. 2018): from a random place within ε of the picture, steps along the sign of the
 * gradient of the cross-entropy (with the norm "l2", along the gradient at unit length), each projected into the ball and then
 * into 0…1. The last point is the answer. By default ε is 8/255, a step ε/4 and 20 steps, as CIFAR's networks are measured.
 * @throws as `fgsm`.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { pgd } from "vitrine/robustness";
 *
 * const networks = createNetworks(device, graph);
 * const [attack] = await pgd(networks, [picture], { epsilon: 8, target: "ring" });
 * console.log(attack?.succeeded, attack?.after.label, attack?.after.probability);
 * networks.destroy();
 * ```
 */
export function pgd(
  networks: Networks,
  pictures: Iterable<Picture>,
  options: PgdOptions = {},
): Promise<Attack[]> {
  return PGD.run(networks, pictures, options);
}

const NAME = "pgd";

export const PGD = attackTechnique({
  name: NAME,
  title: "Projected gradient descent",
  paper: { authors: "Madry et al.", year: 2018, arxiv: "1706.06083" },
  summary: "Many small steps uphill from a random place, each brought back to within epsilon of the picture.",
  options: {
    epsilon: EPSILON,
    norm: NORM,
    step: {
      type: { kind: "number" },
      otherwise: "a quarter of epsilon",
      help: "Length of a step, in units of 1/255.",
    },
    steps: stepsOption(20, "Number of steps."),
    start: START,
    seed: START_SEED,
  },
  check(options) {
    const { epsilon } = ballOf(NAME, options);
    positive(NAME, "a step, in units of 1/255,", options.step ?? epsilon);
    whole(NAME, "steps", options.steps ?? 20, 1, 100_000);
    assertStart(NAME, options);
  },
  async find(site, options) {
    const { network, scope, x0, x, gradient: g, goals } = site;
    const { device } = network;
    const ball = ballOf(NAME, options);
    const { steps = 20 } = options;
    const length = options.step === undefined ? ball.epsilon / 4 : options.step / 255;
    const pass = await createLossPass(site, { directionOnly: true });
    const lengths = scope.tensor([goals.length], { data: new Float32Array(goals.length).fill(length) });
    const before = scope.tensor(x.shape, { label: "pictures before" });
    const step = await scope.command(createProjectedStep(device, { x0, g, lengths, before, x, ...ball }));
    await writeStart(site, options, await readTensor(device, x0), ball);
    await site.loop(steps, (encoder) => {
      pass(encoder);
      recordCommands(encoder, [step]);
    });
    return { pixels: await readTensor(device, x), steps: goals.map(() => steps) };
  },
});
