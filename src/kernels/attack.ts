import trackShader from "../../shaders/apgd_track.wgsl";
import lossShader from "../../shaders/attack_loss.wgsl";
import scaleShader from "../../shaders/batch_norm.wgsl";
import seedShader from "../../shaders/boundary_seed.wgsl";
import boundaryStepShader from "../../shaders/boundary_step.wgsl";
import boxShader from "../../shaders/box_image.wgsl";
import nearShader from "../../shaders/near_attack.wgsl";
import nearestShader from "../../shaders/nearest_boundary.wgsl";
import stepShader from "../../shaders/projected_step.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Elements of one picture of a batch. */
const sizeOfOne = ({ shape: [, ...one] }: Tensor): number => sizeOf(one);
const picturesOf = ({ shape: [n = 1] }: Tensor): [number] => [n];

/** A class that an attack goes away from, or towards, as the kernels have it: channel, side of the score, direction. */
export type AttackGoal = readonly [channel: number, side: 1 | -1, direction: 1 | -1];

/** y = scale·x + offset, channel by channel: the last axis of `x`. */
export function createChannelScale(
  device: GPUDevice,
  bindings: { readonly x: Tensor; readonly scale: Tensor; readonly offset: Tensor; readonly y: Tensor },
): Promise<Command> {
  const size = sizeOf(bindings.x.shape);
  return createDispatch(device, scaleShader, {
    params: { size, channels: sizeOf(bindings.scale.shape), alpha: 0 },
    bindings,
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** The loss of an attack for each picture, and its gradient to the scores; see attack_loss.wgsl. */
export function createAttackLoss(
  device: GPUDevice,
  {
    sigmoid,
    margin = false,
    directionOnly = false,
    ceiling = 0,
    ...bindings
  }: {
    readonly a: Tensor;
    /** [N, 3]: {@link AttackGoal} of each picture. */
    readonly goals: Tensor;
    /** [N, 2]: loss, and how far beyond the goal. */
    readonly losses: Tensor;
    readonly dy: Tensor;
    readonly sigmoid: boolean;
    readonly margin?: boolean | undefined;
    readonly directionOnly?: boolean | undefined;
    readonly ceiling?: number | undefined;
  },
): Promise<Command> {
  return createDispatch(device, lossShader, {
    params: { channels: sizeOfOne(bindings.a), ceiling },
    constants: { SIGMOID: Number(sigmoid), MARGIN: Number(margin), DIRECTION_ONLY: Number(directionOnly) },
    bindings,
    workgroups: picturesOf(bindings.a),
  });
}

/** A step uphill, projected into the ball around `x0` and the box 0 to 1; see projected_step.wgsl. */
export function createProjectedStep(
  device: GPUDevice,
  {
    l2,
    epsilon,
    momentum = 1,
    ...bindings
  }: {
    readonly x0: Tensor;
    readonly g: Tensor;
    readonly lengths: Tensor;
    readonly before: Tensor;
    readonly x: Tensor;
    readonly l2: boolean;
    readonly epsilon: number;
    readonly momentum?: number | undefined;
  },
): Promise<Command> {
  return createDispatch(device, stepShader, {
    params: { size: sizeOfOne(bindings.x), epsilon, momentum },
    constants: { L2: Number(l2) },
    bindings,
    workgroups: picturesOf(bindings.x),
  });
}

/** Keeps APGD's best point and acts at its checkpoints, `window` steps after the last; see apgd_track.wgsl. */
export function createApgdTrack(
  device: GPUDevice,
  {
    first = false,
    window = 0,
    ...bindings
  }: {
    readonly losses: Tensor;
    readonly lengths: Tensor;
    /** [N, 5] */
    readonly state: Tensor;
    readonly x: Tensor;
    readonly g: Tensor;
    readonly best: Tensor;
    readonly bestG: Tensor;
    readonly first?: boolean | undefined;
    readonly window?: number | undefined;
  },
): Promise<Command> {
  return createDispatch(device, trackShader, {
    params: { size: sizeOfOne(bindings.x), first: Number(first), window },
    bindings,
    workgroups: picturesOf(bindings.x),
  });
}

/** No channel, in a pair of {@link createBoundarySeed}. */
export const NO_CHANNEL = 0xffffffff;

interface Candidates {
  /** [N, candidates, 2]: channels of a candidate and of the class, or {@link NO_CHANNEL}. */
  readonly pairs: Tensor<"u32">;
  readonly candidate: number;
}

/** Writes the gradient of the difference between a candidate's score and the class's; see boundary_seed.wgsl. */
export function createBoundarySeed(
  device: GPUDevice,
  { pairs, dy, candidate }: Candidates & { readonly dy: Tensor },
): Promise<Command> {
  const size = sizeOf(dy.shape);
  return createDispatch(device, seedShader, {
    params: { size, channels: sizeOfOne(dy), candidates: pairs.shape[1] ?? 1, candidate },
    bindings: { pairs, dy },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** Keeps the nearest linearised boundary; see nearest_boundary.wgsl. */
export function createNearestBoundary(
  device: GPUDevice,
  {
    candidate,
    ...bindings
  }: Candidates & {
    readonly a: Tensor;
    readonly g: Tensor;
    /** [N, 2] */
    readonly boundary: Tensor;
    readonly nearest: Tensor;
  },
): Promise<Command> {
  const { a, g, pairs } = bindings;
  return createDispatch(device, nearestShader, {
    params: { size: sizeOfOne(g), channels: sizeOfOne(a), candidates: pairs.shape[1] ?? 1, candidate },
    bindings,
    workgroups: picturesOf(g),
  });
}

/** DeepFool's step onto the nearest boundary; see boundary_step.wgsl. */
export function createBoundaryStep(
  device: GPUDevice,
  {
    overshoot,
    ...bindings
  }: {
    readonly x0: Tensor;
    readonly losses: Tensor;
    readonly boundary: Tensor;
    readonly nearest: Tensor;
    readonly moved: Tensor;
    readonly taken: Tensor<"u32">;
    readonly x: Tensor;
    readonly overshoot: number;
  },
): Promise<Command> {
  return createDispatch(device, boundaryStepShader, {
    params: { size: sizeOfOne(bindings.x), overshoot },
    bindings,
    workgroups: picturesOf(bindings.x),
  });
}

/** Pixels x = (tanh(w) + 1)/2 of parameters w; see box_image.wgsl. */
export function createBoxImage(
  device: GPUDevice,
  bindings: { readonly w: Tensor; readonly x: Tensor },
): Promise<Command> {
  const size = sizeOf(bindings.x.shape);
  return createDispatch(device, boxShader, {
    params: { size },
    bindings,
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** c·loss − ‖x − x0‖², its gradient to the parameters, and the nearest picture that reaches the goal; see near_attack.wgsl. */
export function createNearAttack(
  device: GPUDevice,
  bindings: {
    readonly x0: Tensor;
    readonly x: Tensor;
    readonly g: Tensor;
    /** [N, 2]: c, and how far beyond the goal a picture must be. */
    readonly weights: Tensor;
    readonly losses: Tensor;
    readonly objective: Tensor;
    readonly gradient: Tensor;
    /** [N, size + 1]: the nearest picture, and its squared distance. */
    readonly best: Tensor;
  },
): Promise<Command> {
  return createDispatch(device, nearShader, {
    params: { size: sizeOfOne(bindings.x) },
    bindings,
    workgroups: picturesOf(bindings.x),
  });
}
