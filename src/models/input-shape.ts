import { ModelError } from "../gpu/errors.ts";
import { type PlaceOptions, placeModel } from "./place.ts";
import type { KerasModel } from "./topology.ts";

/** [H, W, C] of a network's input. */
export type InputShape = readonly [height: number, width: number, channels: number];

/**
 * Chooses the shape of a network's input when the model has been read and its weights have not been placed. It is told what
 * the model declares, null where that is free, and says which shapes to try, the first that the layers allow is taken; or
 * nothing, where the declared one is right.
 */
export type ChooseInputShape = (
  declared: readonly (number | null)[],
) => readonly InputShape[] | undefined | Promise<readonly InputShape[] | undefined>;

/**
 * Places a model at the first of the chosen shapes that its layers allow.
 * @throws ModelError what the first of the shapes met, when none will do.
 */
export async function placeAt(
  model: KerasModel,
  choice: InputShape | ChooseInputShape | undefined,
  options: Omit<PlaceOptions, "inputShape">,
  who: string,
): ReturnType<typeof placeModel> {
  const chosen =
    typeof choice === "function" ? await choice(model.inputShape ?? [null, null, null]) : choice && [choice];
  if (!chosen) return placeModel(model, options, who);
  let fault: ModelError | undefined;
  for (const inputShape of chosen) {
    try {
      return await placeModel(model, { ...options, inputShape }, who);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      fault ??= error;
    }
  }
  throw fault ?? new ModelError(`${who}: expected a shape of its input to try, got none`);
}
