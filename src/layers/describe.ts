/** "3 × 3" */
export function pairOf([vertical, horizontal]: readonly [number, number]): string {
  return `${vertical} × ${horizontal}`;
}

/** ", stride 2", or nothing where it is 1. */
export function strideOf(strides: readonly [number, number]): string {
  const [vertical, horizontal] = strides;
  if (vertical === 1 && horizontal === 1) return "";
  return `, stride ${vertical === horizontal ? vertical : pairOf(strides)}`;
}
