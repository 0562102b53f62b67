/** Class names of the pictures drawn by `shaders/synthetic.wgsl`, in label order: ten objects, then six textures. */
export const syntheticLabels = [
  "ball",
  "box",
  "triangle",
  "star",
  "ring",
  "cross",
  "heart",
  "crescent",
  "gear",
  "flower",
  "stripes",
  "checker",
  "dots",
  "bricks",
  "waves",
  "spiral",
] as const;

/** The name of one class of the synthetic data set. */
export type SyntheticLabel = (typeof syntheticLabels)[number];

/** Number of classes, counted from the first, that are objects; the others are textures. */
export const syntheticObjectCount = 10;

/** The label of picture `index`: it follows from the index alone, whatever the seed. */
export function syntheticLabel(index: number): number {
  return index % syntheticLabels.length;
}

/** The labels of the left and the right object of picture `index` when it is drawn with `pair = 1`. */
export function syntheticPairLabels(index: number): [left: number, right: number] {
  const left = index % syntheticObjectCount;
  const others = syntheticObjectCount - 1;
  const step = 1 + (Math.floor(index / syntheticObjectCount) % others);
  return [left, (left + step) % syntheticObjectCount];
}
