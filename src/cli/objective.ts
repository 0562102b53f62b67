import { InputError } from "../gpu/errors.ts";
import { formatShape } from "../gpu/tensor.ts";
import { className } from "../graph/classes.ts";
import { type Graph, layerOf, shapesOf } from "../graph/graph.ts";
import { headsOf } from "../graph/heads.ts";
import type { Network, Target } from "../network/network.ts";
import type { AttributionOptions } from "../techniques/attribution/options.ts";
import { type Prediction, predict } from "../techniques/predict.ts";
import { ask, questionOf } from "../techniques/question.ts";
import { activations } from "../techniques/units/activations.ts";
import type { Input } from "./images.ts";
import { UsageError } from "./io.ts";
import type { ChosenRegion } from "./region.ts";
import type { Values } from "./values.ts";

/** The class or the neurons that are explained, found on the network. */
export interface ChosenObjective extends Pick<AttributionOptions, "target" | "output"> {
  /** Entries for reports: class, label, logit and probability (or value); or layer, channel, place and value. */
  readonly report: Readonly<Record<string, string | number | undefined>>;
  /** Text for titles. */
  readonly title: string;
}

/** The neurons that --layer, --channel and --at mean, checked against the graph; none when a class is meant. */
export function neuronsOf(graph: Graph, values: Values): Target | undefined {
  const layer = values.text("layer");
  if (layer === undefined) {
    for (const name of ["channel", "at"] as const) {
      if (values.has(name)) throw new UsageError(`--${name} expects --layer beside it`);
    }
    return undefined;
  }
  for (const name of ["target", "probability"] as const) values.exclusive(name, "layer");
  layerOf(graph, layer);
  const shape = shapesOf(graph).get(layer)?.slice(1) ?? [];
  const channel = values.whole("channel", 0, Number.MAX_SAFE_INTEGER);
  const at = values.numbers("at");
  if (at && (at.length !== 2 || !at.every(Number.isInteger))) {
    throw new UsageError(`--at expects two whole numbers Y,X, got "${values.text("at")}"`);
  }
  const [y, x] = at ?? [];
  if (at && shape.length !== 3) {
    throw new InputError(`--at expects a layer with pixels, got "${layer}" of ${formatShape(shape)}`);
  }
  const within = (name: string, value: number | undefined, size: number) => {
    if (value !== undefined && (value < 0 || value >= size)) {
      throw new InputError(
        `--${name} expects 0 to ${size - 1} at layer "${layer}" of ${formatShape(shape)}, got ${value}`,
      );
    }
  };
  within("channel", channel, shape.at(-1) ?? 1);
  within("at's Y", y, shape[0] ?? 1);
  within("at's X", x, shape[1] ?? 1);
  return {
    layer,
    image: 0,
    channel,
    y: x === undefined ? undefined : y,
    x: y === undefined ? undefined : x,
  };
}

/**
 * Finds what is explained: the neurons that were asked for, or a class, with its score.
 * @throws InputError for a class that is unknown or out of range.
 */
export async function findObjective(
  network: Network,
  input: Input,
  { neurons, where }: { readonly neurons: Target | undefined; readonly where?: ChosenRegion | undefined },
  values: Values,
  signal: AbortSignal,
  wanted = values.text("target"),
): Promise<ChosenObjective> {
  if (neurons) return neuronObjective(network, input, neurons, signal);
  const asked = await ask(network, input.values, {
    target: wanted,
    region: where?.region,
    signal,
  });
  const all = await predict(network, input.values, { top: Number.POSITIVE_INFINITY, signal });
  const { about } = asked;
  const found = all.find(({ index }) => index === about?.index);
  if (!about || !found) throw new InputError(`target: expected a class of the network, got ${wanted}`);
  const several = headsOf(network.graph).length > 1;
  const { head, index } = about;
  const { label, logit, probability, value, share } = found;
  const name = label === undefined ? className(head, index) : `${label} (${index})`;
  return {
    ...questionOf(asked),
    report: {
      output: several ? head.name : undefined,
      index,
      label,
      logit,
      probability,
      value,
      share,
    },
    title: `${several ? `${head.name}: ` : ""}${name}, ${where ? `its score ${where.words}` : scoreWords(found, values.has("probability"))}`,
  };
}

/** A class's score for titles; of places, what of them it is. */
function scoreWords({ head, logit, probability, value, share }: Prediction, onProbability: boolean): string {
  if (head === "places") {
    const what = value === undefined ? "logits" : "values";
    const some = share !== undefined && share > 0 && share < 1;
    const where = some
      ? `the ${(100 * share).toPrecision(3)} % of places that have it`
      : `all places${share === 0 ? ", as none has it" : ""}`;
    return `sum of its ${what} over ${where}`;
  }
  if (value !== undefined) return `value ${value.toPrecision(4)}`;
  return onProbability && probability !== undefined
    ? `probability ${probability.toPrecision(3)}`
    : `logit ${(logit ?? 0).toPrecision(4)}`;
}

async function neuronObjective(
  network: Network,
  input: Input,
  target: Target,
  signal: AbortSignal,
): Promise<ChosenObjective> {
  const { layer, channel, y, x } = target;
  const { data, shape } = await activations(network, input.values, { layer, signal });
  const channels = shape.at(-1) ?? 1;
  const width = shape.length === 3 ? (shape[1] ?? 1) : 1;
  let value = 0;
  for (const [i, activation] of data.entries()) {
    const pixel = Math.floor(i / channels);
    const wanted =
      (channel === undefined || i % channels === channel) &&
      (y === undefined || x === undefined || pixel === y * width + x);
    if (wanted) value += activation;
  }
  return {
    target,
    report: { layer, channel, y, x, value },
    title: `${layer}${channel === undefined ? "" : `, channel ${channel}`}${y === undefined ? ", sum over its places" : ` at ${y},${x}`}, ${value.toPrecision(4)}`,
  };
}
