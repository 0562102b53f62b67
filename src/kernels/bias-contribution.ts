import shader from "../../shaders/bias_contribution.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch } from "../gpu/dispatch.ts";
import { UnsupportedError } from "../gpu/errors.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { type Activation, activationFacts, gradientCode } from "../layers/activation-kinds.ts";

/**
 * Writes into `contributions` at `slot` what a layer's constants add to an objective; see bias_contribution.wgsl.
 * @throws UnsupportedError for an activation that is not linear piece by piece.
 */
export async function createBiasContribution(
  device: GPUDevice,
  {
    activation,
    slot,
    label,
    ...bindings
  }: {
    readonly activation: Activation | undefined;
    readonly slot: number;
    readonly label: string;
    readonly y: Tensor;
    readonly dy: Tensor;
    readonly b: Tensor;
    readonly contributions: Tensor;
  },
): Promise<Command> {
  const [images, , , channels] = asNhwc(bindings.y.shape);
  if (!activationFacts(activation).piecewise) {
    throw new UnsupportedError(
      `bias contribution "${label}": expected an activation that is linear piece by piece, got ${activation?.kind}`,
    );
  }
  const { constants, alpha } = gradientCode(activation ?? { kind: "linear" });
  return createDispatch(device, shader, {
    label,
    constants,
    params: { size: sizeOf(bindings.y.shape) / images, channels, slot, alpha },
    bindings,
    workgroups: [1],
  });
}
