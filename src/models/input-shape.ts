import { ModelError } from "../gpu/errors.ts";

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

/**
 * What a reader makes of a model at the first of the chosen shapes that its layers allow, or at the declared one where nothing
 * is chosen.
 * @throws ModelError what the first of the shapes met, when none will do.
 */
export async function atChosenShape<T>(
  choice: InputShape | ChooseInputShape | undefined,
  declared: readonly (number | null)[],
  make: (shape: InputShape | undefined) => Promise<T>,
  who: string,
): Promise<T> {
  const chosen = typeof choice === "function" ? await choice(declared) : choice && [choice];
  if (!chosen) return make(undefined);
  let fault: ModelError | undefined;
  for (const shape of chosen) {
    try {
      return await make(shape);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      fault ??= error;
    }
  }
  throw fault ?? new ModelError(`${who}: expected a shape of its input to try, got none`);
}
