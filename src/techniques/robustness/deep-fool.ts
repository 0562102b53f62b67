import { recordCommands } from "../../gpu/command.ts";
import { all } from "../../gpu/scope.ts";
import { readTensor, readTensors } from "../../gpu/tensor.ts";
import { sideOf } from "../../graph/classes.ts";
import type { Head } from "../../graph/heads.ts";
import type { Picture } from "../../images/picture.ts";
import {
  createAttackLoss,
  createBoundarySeed,
  createBoundaryStep,
  createNearestBoundary,
  NO_CHANNEL,
} from "../../kernels/attack.ts";
import type { Networks } from "../../network/pool.ts";
import type { Attack } from "./attack.ts";
import { goalOfKernel } from "./goal.ts";
import { type AttackOptions, type CommonAttackOptions, positive, stepsOption, whole } from "./options.ts";
import { attackTechnique } from "./technique.ts";

export type DeepFoolOptions = Omit<CommonAttackOptions, "target"> &
  Pick<AttackOptions, "steps" | "candidates" | "overshoot">;

/** Steps between two looks at whether every picture has lost its class. */
const LOOK = 5;

/**
 * DeepFool (Moosavi-Dezfooli et al. 2016): each step goes onto the nearest of the boundaries between the picture's class and the
 * strongest others, as they look from here when scores are taken as linear, until the class is lost; the sum of the steps is
 * then made longer by the overshoot. Pixels stay within 0…1. A label by itself has one boundary, its score of 0.
 *
 * Every five steps two numbers a picture are read back, to see whether all have lost their class. The way is so short that
 * rounding to 8 bits may undo it: such a picture is returned as a failure, with a note; a larger overshoot helps.
 * @throws as `fgsm`; UnsupportedError for a target.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { deepFool } from "vitrine/robustness";
 *
 * const networks = createNetworks(device, graph);
 * const [attack] = await deepFool(networks, [picture], { overshoot: 0.1 });
 * console.log(attack?.steps, attack?.l2);
 * networks.destroy();
 * ```
 */
export function deepFool(
  networks: Networks,
  pictures: Iterable<Picture>,
  options: DeepFoolOptions = {},
): Promise<Attack[]> {
  return DEEP_FOOL.run(networks, pictures, options);
}

const NAME = "deepfool";

export const DEEP_FOOL = attackTechnique({
  name: NAME,
  title: "DeepFool",
  paper: { authors: "Moosavi-Dezfooli et al.", year: 2016, arxiv: "1511.04599" },
  summary: "The shortest way over the nearest boundary between classes, by steps that take scores as linear.",
  untargetedOnly: true,
  options: {
    steps: stepsOption(50, "The most steps."),
    candidates: {
      type: { kind: "whole", from: 2, to: 1000 },
      default: 10,
      help: "Number of the strongest classes whose boundaries are looked at, the picture's own among them.",
    },
    overshoot: {
      type: { kind: "number" },
      default: 0.02,
      help: "How far beyond the boundary, as a part of the way to it.",
    },
  },
  check({ steps = 50, candidates = 10, overshoot = 0.02 }) {
    whole(NAME, "steps", steps, 1, 100_000);
    whole(NAME, "candidates", candidates, 2, 1000);
    positive(NAME, "an overshoot", overshoot);
  },
  async find(site, options) {
    const { network, scope, head, goals, scores, x0, x, gradient: g, losses } = site;
    const { device } = network;
    const { steps = 50, candidates: most = 10, overshoot = 0.02 } = options;
    const { tensor, command } = scope;
    const pairsOfEach = goals.map(({ label }, n) =>
      boundariesOf(head, scores[n] as Float32Array, label, most),
    );
    const count = pairsOfEach[0]?.length ?? 1;
    const pairs = tensor([goals.length, count, 2], {
      dtype: "u32",
      data: Uint32Array.from(pairsOfEach.flat(2)),
      label: "boundaries",
    });
    const goalsOfKernel = tensor([goals.length, 3], {
      data: Float32Array.from(goals.flatMap((goal) => goalOfKernel(head, goal))),
      label: "goals",
    });
    const boundary = tensor([goals.length, 2], { label: "nearest boundary" });
    const [nearest, moved] = [tensor(x.shape, { label: "gradient" }), tensor(x.shape, { label: "moves" })];
    const taken = tensor([goals.length], { dtype: "u32", label: "steps taken" });
    const [a, dy] = [network.activation(head.logits), network.gradient(head.logits)];
    const sigmoid = head.scores === "sigmoid";
    const judge = await command(
      createAttackLoss(device, { a, dy, goals: goalsOfKernel, losses, sigmoid, margin: true }),
    );
    const looks = await all(
      Array.from({ length: count }, async (_, candidate) => ({
        seed: await command(createBoundarySeed(device, { pairs, dy, candidate })),
        keep: await command(createNearestBoundary(device, { pairs, candidate, a, g, boundary, nearest })),
      })),
    );
    const step = await command(
      createBoundaryStep(device, { x0, losses, boundary, nearest, moved, taken, x, overshoot }),
    );
    const recordJudge = (encoder: GPUCommandEncoder): void => {
      site.recordForward(encoder);
      recordCommands(encoder, [judge]);
    };
    await scope.settled();
    for (let from = 0; from < steps; from += LOOK) {
      const record = (encoder: GPUCommandEncoder, at: number): void => {
        if (at === 0) recordJudge(encoder);
        for (const { seed, keep } of looks) {
          recordCommands(encoder, [seed]);
          site.recordBackward(encoder);
          recordCommands(encoder, [keep]);
        }
        recordCommands(encoder, [step]);
        recordJudge(encoder);
      };
      await site.loop(Math.min(LOOK, steps - from), record, from, steps);
      const beyond = await readTensor(device, losses);
      if (goals.every((_, n) => (beyond[2 * n + 1] ?? 0) > 0)) break;
    }
    const [pixels, counts] = await readTensors(device, [x, taken]);
    return { pixels: pixels as Float32Array, steps: [...(counts as Uint32Array)] };
  },
});

/** Channels whose difference is 0 on each boundary of a class: of the strongest others and its own. */
function boundariesOf(head: Head, scores: Float32Array, label: number, most: number): [number, number][] {
  const { channel, sign } = sideOf(head, label);
  if (head.scores === "sigmoid") return [sign > 0 ? [NO_CHANNEL, channel] : [channel, NO_CHANNEL]];
  const others = Array.from(scores.keys()).filter((k) => k !== channel);
  others.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  return others.slice(0, Math.min(most, scores.length) - 1).map((k) => [k, channel]);
}
