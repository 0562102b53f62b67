import { recordCommands } from "../../gpu/command.ts";
import { createAttackLoss } from "../../kernels/attack.ts";
import type { AttackSite } from "./attack.ts";
import { goalOfKernel } from "./goal.ts";

/** What a loss is of: see attack_loss.wgsl. */
export interface LossOptions {
  /** The margin, up to this ceiling; else the cross-entropy. */
  readonly margin?: number | undefined;
  /** True where only the gradient's direction counts: it is then never lost where the network is sure. */
  readonly directionOnly?: boolean | undefined;
}

/**
 * Makes a pass ready to record: forward at `x`, the loss of each picture into `losses`, and its gradient into `gradient`. The
 * loss grows towards the goal.
 */
export async function createLossPass(
  { network, scope, head, goals, losses, recordForward, recordBackward }: AttackSite,
  { margin, directionOnly }: LossOptions = {},
): Promise<(encoder: GPUCommandEncoder) => void> {
  const { device } = network;
  const loss = await scope.command(
    createAttackLoss(device, {
      a: network.activation(head.logits),
      dy: network.gradient(head.logits),
      goals: scope.tensor([goals.length, 3], {
        data: Float32Array.from(goals.flatMap((goal) => goalOfKernel(head, goal))),
        label: "goals",
      }),
      losses,
      sigmoid: head.scores === "sigmoid",
      margin: margin !== undefined,
      ceiling: margin ?? 0,
      directionOnly,
    }),
  );
  return (encoder) => {
    recordForward(encoder);
    recordCommands(encoder, [loss]);
    recordBackward(encoder);
  };
}
