/** [H, W, C] of any activation's shape. */
export function sizeOf(shape: readonly number[]): [number, number, number] {
  const rest = shape.slice(1);
  const [height = 1, width = 1, channels = 1] = [
    ...Array<number>(Math.max(0, 3 - rest.length)).fill(1),
    ...rest,
  ];
  return [height, width, channels];
}
