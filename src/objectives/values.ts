import { type Command, sequence } from "../gpu/command.ts";
import type { Scope } from "../gpu/scope.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { createObjectiveScore, packTerms } from "../kernels/objective.ts";
import type { LayerTerms } from "./terms-by-layer.ts";

/**
 * Computes an objective for images whose activations the caller has. It serves where not the network's own batch runs,
 * as in the incremental sweep of occlusion.
 * @param at the activations of a layer, [N, …], the same N for all.
 * @param values [N]: gets the objective of each image.
 */
export async function createObjectiveValues(
  device: GPUDevice,
  groups: readonly LayerTerms[],
  { at, values }: { at(layer: string): Tensor; readonly values: Tensor },
  { tensor, command }: Pick<Scope, "tensor" | "command">,
): Promise<Command> {
  const commands: Command[] = [];
  for (const [place, { layer, terms, masks }] of groups.entries()) {
    const packed = packTerms(terms);
    const label = "objective";
    const given = masks.length > 0 ? { data: masks, label } : { label };
    const site = {
      a: at(layer),
      terms: tensor([packed.length], { dtype: "u32", data: packed, label }),
      masks: tensor([Math.max(1, masks.length)], given),
      lse: tensor([...values.shape], { label }),
      count: terms.length,
      label: layer,
    };
    commands.push(await command(createObjectiveScore(device, { ...site, values, accumulate: place > 0 })));
  }
  return sequence(commands);
}
