import { type Command, NOTHING, sequence } from "../gpu/command.ts";
import { all, type Own } from "../gpu/scope.ts";
import { createTensor, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { createRelevanceProduct } from "../kernels/relevance.ts";
import { createSumOfRepeats } from "../layers/arithmetic.ts";
import { opOf } from "../layers/ops.ts";
import type { RedistributionStep, RelevanceStep } from "./plan.ts";
import type { Destination, Workspace } from "./redistribution.ts";

/** Passes relevance through a layer that redistributes none: unchanged, or to where each value came from. */
export async function createPassThrough(
  device: GPUDevice,
  step: Exclude<RelevanceStep, RedistributionStep>,
  site: {
    readonly x: readonly Tensor[];
    readonly y: Tensor;
    readonly r: Tensor;
    readonly to: readonly Destination[];
    readonly workspace: Workspace;
    readonly own: Own;
  },
): Promise<Command> {
  const { x, y, r, to, workspace, own } = site;
  const [first, ...others] = x;
  if (step.by === "image" || !first) return NOTHING;
  const { layer } = step;
  const label = layer.name;
  if (step.by === "unchanged") {
    const passed = to.map(({ r: target, accumulate }) =>
      sizeOf(target.shape) < sizeOf(r.shape)
        ? createSumOfRepeats(device, { dy: r, dx: target, accumulate, label }).then(own)
        : createRelevanceProduct(device, { x: r, y: target, accumulate, label }).then(own),
    );
    return sequence(await all(passed));
  }
  const op = opOf(layer);
  const wanted =
    op.saved?.(
      layer,
      x.map(({ shape }) => shape),
    ) ?? {};
  const saved: Record<string, Tensor> = {};
  for (const [key, { shape, dtype }] of Object.entries(wanted)) {
    const made = createTensor(device, shape, { dtype, label: `${label} ${key}` });
    own(made.buffer);
    saved[key] = made;
  }
  const common = { layer, x: [first, ...others] as const, constants: {}, saved };
  // What forward leaves for backward is made anew: the network keeps its own to itself.
  const forward =
    Object.keys(wanted).length > 0
      ? [own(await op.forward(device, { ...common, y: workspace("z", y.shape) }))]
      : [];
  const back = await all(
    to.map(({ r: dx, accumulate }, input) =>
      op.backward(device, { ...common, y, dy: r, dx, input, accumulate, rule: r.buffer }).then(own),
    ),
  );
  return sequence([...forward, ...back]);
}
