/** Red, green and blue of hue (turns), lightness and saturation, all 0…1, by cases: as Python's colorsys has it. */
export function rgbOfHls(hue: number, lightness: number, saturation: number): [number, number, number] {
  if (saturation === 0) return [lightness, lightness, lightness];
  const high =
    lightness <= 0.5 ? lightness * (1 + saturation) : lightness + saturation - lightness * saturation;
  const low = 2 * lightness - high;
  const part = (turn: number): number => {
    const h = ((turn % 1) + 1) % 1;
    if (h < 1 / 6) return low + (high - low) * h * 6;
    if (h < 1 / 2) return high;
    return h < 2 / 3 ? low + (high - low) * (2 / 3 - h) * 6 : low;
  };
  return [part(hue + 1 / 3), part(hue), part(hue - 1 / 3)];
}
