import { ModelError } from "../../gpu/errors.ts";
import { buildLayers, type GraphOptions } from "./build-graph.ts";
import { ownSize } from "./resizing.ts";
import type { KerasModel } from "./topology.ts";

/** [H, W, C] of a network's input. */
export type InputShape = readonly [height: number, width: number, channels: number];

/**
 * Chooses the shape of a network's input when the model has been read and its weights have not been assigned. It is told what
 * the model declares, null where that is free, and says which shapes to try, the first that the layers allow is taken; or
 * nothing, where the declared one is right.
 */
export type ChooseInputShape = (
  declared: readonly (number | null)[],
) => readonly InputShape[] | undefined | Promise<readonly InputShape[] | undefined>;

/** Networks halve their maps some times; a size that is a multiple of these suits most of them. */
const MULTIPLES = [1, 2, 4, 8, 16, 32, 64];

/**
 * Shapes of a network's input near a size, for {@link ChooseInputShape}: that size, then the next multiples of 2, 4, … 64; what
 * the model declares stays. A free number of channels is three, else one.
 */
export function shapesNear(
  declared: readonly (number | null)[],
  [height, width]: readonly [height: number, width: number],
): InputShape[] {
  const [h, w] = declared;
  const sizes = MULTIPLES.map((multiple) => {
    const near = (side: number) => Math.max(multiple, Math.round(side / multiple) * multiple);
    return [h ?? near(height), w ?? near(width)] as const;
  });
  return channelsOf(declared).flatMap((count) => sizes.map((size): InputShape => [...size, count]));
}

/** The numbers of channels to try: what is declared, one of height×width; else three, then one. */
export function channelsOf(declared: readonly (number | null)[]): readonly number[] {
  const [, , channels] = declared;
  if (typeof channels === "number") return [channels];
  return declared.length === 2 ? [1] : [3, 1];
}

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
