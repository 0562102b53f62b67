/** A percentage in words; what is there is never 0 %. */
export function inPercent(percent: number): string {
  return `${percent >= 99.95 ? "100" : percent < 0.05 ? "< 0.1" : percent.toFixed(1)} %`;
}
