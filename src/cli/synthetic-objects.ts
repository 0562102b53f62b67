import { syntheticParts } from "../dataset/synthetic.ts";
import { syntheticLabels, syntheticObjectCount } from "../dataset/synthetic-labels.ts";
import type { Io } from "./io.ts";
import type { Values } from "./values.ts";

/** What is known of the object in a synthetic picture, beside its pixels. */
export const OBJECT_ATTRIBUTES = {
  "object-size": "synthetic pictures: share of the picture that the object covers",
  "object-x": "synthetic pictures: middle of the object, 0 at the left and 1 at the right",
  "object-y": "synthetic pictures: the same, 0 at the top",
  "object-offset": "synthetic pictures: distance between the middles of object and picture, a side being 1",
} as const;

const SIZE = 64;

/** The number of a synthetic picture by its id. */
function numberOf(id: string): number | undefined {
  const [, digits] = /^synthetic:(\d+)$/.exec(id) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** True of the synthetic pictures that are of an object. */
export function isSyntheticObject(id: string): boolean {
  const number = numberOf(id);
  return number !== undefined && number % syntheticLabels.length < syntheticObjectCount;
}

/** A function that measures the object in a synthetic picture; of other pictures it knows nothing. */
export async function objectAttributes(
  values: Values,
  io: Io,
): Promise<(id: string) => Promise<Partial<Record<keyof typeof OBJECT_ATTRIBUTES, number>>>> {
  const device = await io.device();
  const seed = values.whole("seed", 0, 2 ** 32 - 1);
  return async (id) => {
    const first = numberOf(id);
    if (first === undefined || !isSyntheticObject(id)) return {};
    for await (const { item } of syntheticParts(device, { first, seed, size: SIZE })) {
      let [count, x, y] = [0, 0, 0];
      for (const [i, part] of item.entries()) {
        if (part === 0) continue;
        count++;
        x += (i % SIZE) + 0.5;
        y += Math.floor(i / SIZE) + 0.5;
      }
      if (count === 0) return {};
      const [middleX, middleY] = [x / count / SIZE, y / count / SIZE];
      return {
        "object-size": count / SIZE ** 2,
        "object-x": middleX,
        "object-y": middleY,
        "object-offset": Math.hypot(middleX - 0.5, middleY - 0.5),
      };
    }
    return {};
  };
}
