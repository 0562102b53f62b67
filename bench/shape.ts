/** Sizes along each axis, outermost first. */
export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, axis) => size * axis, 1);
}

/** For people: 56×56×64. */
export function formatShape(shape: Shape): string {
  return shape.join("×");
}
