import { formatNumber } from "../figures/format-number.ts";
import type { Prediction } from "../techniques/predict.ts";
import type { Honesty } from "./honesty.ts";

/** What is known of a synthetic picture, as lines below it. */
export function honestCaption({ value, predictions, second, naturalness, notes }: Honesty): string[] {
  const { mean, among } = naturalness ?? {};
  const reached = among === undefined ? "" : ` (natural ${among.toFixed(2)})`;
  return [
    `value ${formatNumber(value)}`,
    ...answer("network", predictions),
    ...(second ? answer("second network", second) : []),
    ...(mean === undefined ? [] : [`naturalness ${mean.toFixed(2)}${reached}`]),
    ...notes,
  ];
}

function answer(who: string, [best]: readonly Prediction[]): string[] {
  if (!best) return [];
  const { label, index, probability, value } = best;
  const name = label ?? `class ${index}`;
  if (probability === undefined) return [`${who}: ${name} ${formatNumber(value ?? Number.NaN)}`];
  return [`${who}: ${name}, p ${probability.toFixed(3)}`];
}
