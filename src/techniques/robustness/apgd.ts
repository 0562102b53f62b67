import { recordCommands } from "../../gpu/command.ts";
import { readTensor } from "../../gpu/tensor.ts";
import type { Picture } from "../../images/picture.ts";
import { createApgdTrack, createProjectedStep } from "../../kernels/attack.ts";
import type { Networks } from "../../network/pool.ts";
import type { Attack } from "./attack.ts";
import { createLossPass } from "./loss.ts";
import {
  type AttackOptions,
  ballOf,
  type CommonAttackOptions,
  EPSILON,
  NORM,
  START,
  START_SEED,
  stepsOption,
  whole,
} from "./options.ts";
import { assertStart, writeStart } from "./random-start.ts";
import { attackTechnique } from "./technique.ts";

export type ApgdOptions = CommonAttackOptions &
  Pick<AttackOptions, "epsilon" | "norm" | "steps" | "start" | "seed">;

/** Share of the step in a move; the rest is the move before. */
const MOMENTUM = 0.75;

/**
 * Auto-PGD (Croce & Hein 2020) on the cross-entropy: projected steps with momentum, of first length 2ε, which is halved at
 * checkpoints where progress was poor; the attack then goes on from the best point so far. The point of the greatest loss is the
 * answer. The step of each picture is its own, and all of it is decided on the GPU.
 *
 * Two details follow the paper where AutoAttack's code differs: the first step is compared with the start's loss, and the
 * answer is the point of the greatest loss rather than the last that was misclassified.
 * @throws as `fgsm`.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { apgd } from "vitrine/robustness";
 *
 * const networks = createNetworks(device, graph);
 * const [attack] = await apgd(networks, [picture], { epsilon: 4, steps: 50 });
 * console.log(attack?.succeeded, attack?.linf);
 * networks.destroy();
 * ```
 */
export function apgd(
  networks: Networks,
  pictures: Iterable<Picture>,
  options: ApgdOptions = {},
): Promise<Attack[]> {
  return APGD.run(networks, pictures, options);
}

/**
 * Steps since the last checkpoint at each step that is one, else 0: checkpoints after .22·n steps, the next windows shorter by
 * .03·n down to .06·n.
 */
export function checkpointsOf(steps: number): number[] {
  const part = (share: number): number => Math.max(1, Math.floor(share * steps));
  const windows: number[] = [];
  for (let window = part(0.22), since = 1; windows.length < steps; since++) {
    const due = since === window;
    windows.push(due ? window : 0);
    if (!due) continue;
    window = Math.max(window - part(0.03), part(0.06));
    since = 0;
  }
  return windows;
}

const NAME = "apgd";

export const APGD = attackTechnique({
  name: NAME,
  title: "Auto-PGD",
  paper: { authors: "Croce & Hein", year: 2020, arxiv: "2003.01690" },
  summary: "Projected gradient descent with momentum whose steps shrink where the loss stops growing.",
  options: {
    epsilon: EPSILON,
    norm: NORM,
    steps: stepsOption(100, "Number of steps."),
    start: START,
    seed: START_SEED,
  },
  check(options) {
    ballOf(NAME, options);
    whole(NAME, "steps", options.steps ?? 100, 1, 100_000);
    assertStart(NAME, options);
  },
  async find(site, options) {
    const { network, scope, x0, x, gradient: g, goals, losses } = site;
    const { device } = network;
    const ball = ballOf(NAME, options);
    const { steps = 100 } = options;
    const pass = await createLossPass(site, { directionOnly: true });
    const lengths = scope.tensor([goals.length], {
      data: new Float32Array(goals.length).fill(2 * ball.epsilon),
    });
    const before = scope.tensor(x.shape, { label: "pictures before" });
    const best = scope.tensor(x.shape, { label: "best pictures" });
    const bestG = scope.tensor(x.shape, { label: "gradient at the best pictures" });
    const state = scope.tensor([goals.length, 5], { label: "progress" });
    const windows = checkpointsOf(steps);
    const track = (of: { first?: boolean; window?: number }) =>
      scope.command(createApgdTrack(device, { losses, lengths, state, x, g, best, bestG, ...of }));
    const move = (momentum: number) =>
      scope.command(createProjectedStep(device, { x0, g, lengths, before, x, ...ball, momentum }));
    const [begin, plain, moved] = [await track({ first: true }), await move(1), await move(MOMENTUM)];
    const tracks = new Map<number, Awaited<ReturnType<typeof track>>>();
    for (const window of new Set(windows)) tracks.set(window, await track({ window }));
    await writeStart(site, options, await readTensor(device, x0), ball);
    await site.loop(steps, (encoder, step) => {
      if (step === 0) {
        pass(encoder);
        recordCommands(encoder, [begin]);
      }
      recordCommands(encoder, [step === 0 ? plain : moved]);
      pass(encoder);
      recordCommands(encoder, [tracks.get(windows[step] ?? 0) ?? begin]);
    });
    return { pixels: await readTensor(device, best), steps: goals.map(() => steps) };
  },
});
