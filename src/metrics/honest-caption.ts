import { formatNumber } from "../figures/format-number.ts";
import type { Prediction } from "../techniques/predict.ts";
import type { Honesty } from "./honesty.ts";
import type { Naturalness } from "./naturalness.ts";

/** The most layers of which a caption tells how natural the way through them is. */
const LAYERS = 8;

/** What is known of a synthetic picture, as lines below it. */
export function honestCaption(honesty: Honesty): string[] {
  return [
    `value ${formatNumber(honesty.value)}`,
    ...answer("network", honesty.predictions),
    ...evidenceCaption(honesty),
    ...honesty.notes,
  ];
}

/** What a second network and natural pictures say of it. */
export function evidenceCaption({ second, naturalness }: Honesty): string[] {
  return [
    ...(second ? answer("second network", second) : []),
    ...(naturalness ? naturalnessLines(naturalness) : []),
  ];
}

/** The mean, and the layers; of many layers a few, from the first to the last. */
function naturalnessLines({ mean, among, others, layers }: Naturalness): string[] {
  const known = [
    ...(among === undefined ? [] : [`natural ${among.toFixed(2)}`]),
    ...(others === undefined ? [] : [`others ${others.toFixed(2)}`]),
  ];
  const reached = known.length === 0 ? "" : ` (${known.join(", ")})`;
  const count = Math.min(layers.length, LAYERS);
  const shown = Array.from({ length: count }, (_, i) =>
    layers.at(Math.round((i * (layers.length - 1)) / Math.max(1, count - 1))),
  );
  return [
    `naturalness ${mean.toFixed(2)}${reached}`,
    ...shown.flatMap((one) => (one ? [`${one.layer} ${one.correlation.toFixed(2)}`] : [])),
  ];
}

function answer(who: string, [best]: readonly Prediction[]): string[] {
  if (!best) return [];
  const { label, index, probability, value } = best;
  const name = label ?? `class ${index}`;
  if (probability === undefined) return [`${who}: ${name} ${formatNumber(value ?? Number.NaN)}`];
  return [`${who}: ${name}, p ${probability.toFixed(3)}`];
}
