/** A number as people read it: three digits, a true minus. */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  const short = Number(value.toPrecision(3));
  const size = Math.abs(short);
  const text = size >= 1e5 || size < 1e-3 ? short.toExponential() : String(short);
  return text.replace("e+", "e").replaceAll("-", "−");
}
