import { atChosenShape, type ChooseInputShape, type InputShape } from "../input-shape.ts";
import { buildLayers, type GraphOptions } from "./build-graph.ts";
import { ownSize } from "./resizing.ts";
import type { KerasModel } from "./topology.ts";

/** Declared input shape of a model. A size that it leaves free and then resizes to is that size. */
function declaredBy(model: KerasModel): readonly (number | null)[] {
  const declared = model.inputShape ?? [null, null, null];
  const own = ownSize(model);
  if (!own || declared.length !== 3) return declared;
  return [declared[0] ?? own.height, declared[1] ?? own.width, declared[2] ?? null];
}

/**
 * Builds a model at the first of the chosen shapes that its layers allow.
 * @throws ModelError what the first of the shapes met, when none will do.
 */
export async function buildAt(
  model: KerasModel,
  choice: InputShape | ChooseInputShape | undefined,
  options: Omit<GraphOptions, "inputShape">,
  who: string,
): ReturnType<typeof buildLayers> {
  const declared = declaredBy(model);
  const [h = null, w = null, c = null] = declared;
  const known = declared.length === 3 && h !== null && w !== null && c !== null;
  const own: InputShape | undefined = known ? [h, w, c] : undefined;
  return atChosenShape(
    choice,
    declared,
    (shape = own) => buildLayers(model, shape ? { ...options, inputShape: shape } : options, who),
    who,
  );
}
