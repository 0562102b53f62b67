import { recordCommands } from "../../gpu/command.ts";
import { readTensor } from "../../gpu/tensor.ts";
import type { Picture } from "../../images/picture.ts";
import { createProjectedStep } from "../../kernels/attack.ts";
import type { Networks } from "../../network/pool.ts";
import type { Attack } from "./attack.ts";
import { createLossPass } from "./loss.ts";
import { type AttackOptions, ballOf, type CommonAttackOptions, EPSILON, NORM } from "./options.ts";
import { attackTechnique } from "./technique.ts";

export type FgsmOptions = CommonAttackOptions & Pick<AttackOptions, "epsilon" | "norm">;

/**
 * The fast gradient sign method (Goodfellow et al. 2014): x + ε·sign ∇L, L the cross-entropy of the picture's class; with the norm
 * "l2", x + ε·∇L/‖∇L‖. With a target it goes against the gradient of the target's cross-entropy. Pixels stay within 0…1.
 * @param networks a pool, as `createNetworks` opens it; the attack makes a network of its own there, and frees it.
 * @param pictures as the network takes them after `fit`; the model's own preprocessing is part of what is attacked.
 * @throws InputError for an option out of range; UnsupportedError for an output without classes.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { fgsm } from "vitrine/robustness";
 *
 * const networks = createNetworks(device, graph);
 * const [attack] = await fgsm(networks, [picture], { epsilon: 8 });
 * console.log(attack?.succeeded, attack?.before.label, attack?.after.label, attack?.linf);
 * networks.destroy();
 * ```
 */
export function fgsm(
  networks: Networks,
  pictures: Iterable<Picture>,
  options: FgsmOptions = {},
): Promise<Attack[]> {
  return FGSM.run(networks, pictures, options);
}

const NAME = "fgsm";

export const FGSM = attackTechnique({
  name: NAME,
  title: "Fast gradient sign method",
  paper: { authors: "Goodfellow et al.", year: 2014, arxiv: "1412.6572" },
  summary: "One step of length epsilon along the sign of the gradient of the loss.",
  options: { epsilon: EPSILON, norm: NORM },
  check: (options) => void ballOf(NAME, options),
  async find(site, options) {
    const { network, scope, x0, x, gradient: g, goals } = site;
    const { l2, epsilon } = ballOf(NAME, options);
    const pass = await createLossPass(site, { directionOnly: true });
    const lengths = scope.tensor([goals.length], { data: new Float32Array(goals.length).fill(epsilon) });
    const before = scope.tensor(x.shape, { label: "pictures before" });
    const step = await scope.command(
      createProjectedStep(network.device, { x0, g, lengths, before, x, l2, epsilon }),
    );
    await site.loop(1, (encoder) => {
      pass(encoder);
      recordCommands(encoder, [step]);
    });
    return { pixels: await readTensor(network.device, x), steps: goals.map(() => 1) };
  },
});
