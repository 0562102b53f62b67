import { ModelError } from "../../gpu/errors.ts";
import type { ChooseInputShape, InputShape } from "../input-shape.ts";
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
  const chosen = typeof choice === "function" ? await choice(declared) : choice && [choice];
  if (!chosen) {
    const [h = null, w = null, c = null] = declared;
    const known = declared.length === 3 && h !== null && w !== null && c !== null;
    return buildLayers(model, known ? { ...options, inputShape: [h, w, c] } : options, who);
  }
  let fault: ModelError | undefined;
  for (const inputShape of chosen) {
    try {
      return await buildLayers(model, { ...options, inputShape }, who);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      fault ??= error;
    }
  }
  throw fault ?? new ModelError(`${who}: expected a shape of its input to try, got none`);
}
