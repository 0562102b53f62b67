import { UnsupportedError } from "../gpu/errors.ts";
import { classOf } from "../graph/classes.ts";
import { type Graph, layerOf, shapesOf } from "../graph/graph.ts";
import { headOf } from "../graph/heads.ts";
import type { Network, Target } from "../network/network.ts";
import { explainEach } from "../techniques/attribution/explain-each.ts";
import { lastMaps } from "../techniques/attribution/layer-maps.ts";
import type { AttributionOptions } from "../techniques/attribution/options.ts";
import type { Attribution, AttributionTechnique } from "../techniques/attribution/technique.ts";
import type { Input } from "./images.ts";
import { type Io, UsageError } from "./io.ts";
import type { CommandNetworks, Needs } from "./networks.ts";
import { type ChosenObjective, neuronsOf } from "./objective.ts";
import type { Outputs } from "./output.ts";
import type { ChosenRegion } from "./region.ts";
import { assertOptions } from "./technique-settings.ts";
import type { Values } from "./values.ts";

/** The setting of every way to explain images. */
export interface Setting {
  readonly graph: Graph;
  readonly values: Values;
  readonly io: Io;
  /** The place for figures and arrays. */
  readonly out: Outputs | undefined;
  /** The place for photographs with a map over them. */
  readonly overlay: Outputs | undefined;
}

/** A way to explain images, of which all is checked that does not hang on the image. */
export interface Explaining {
  readonly needs: Needs;
  /** Explains one image, and writes and prints what there is to say. @returns the report, for --json. */
  explain(networks: CommandNetworks, input: Input): Promise<Readonly<Record<string, unknown>>>;
}

/** The questions to ask, and the techniques to ask: found from the command line and the graph, before anything is put on a GPU. */
export interface Asking {
  readonly techniques: readonly AttributionTechnique[];
  /** Classes as --target names them; one undefined is the top class. Neurons have none. */
  readonly targets: readonly (string | undefined)[];
  /** Layers whose maps are weighed; empty where no technique weighs any. */
  readonly layers: readonly string[];
  /** The neurons that are explained in place of a class. */
  readonly neurons: Target | undefined;
  /** The places that are asked about, of an output with scores at every place. */
  readonly where?: ChosenRegion | undefined;
}

/** @throws UsageError or InputError for options that do not fit the techniques, the graph or one another. */
export function askingOf(techniques: readonly AttributionTechnique[], graph: Graph, values: Values): Asking {
  const { kind, name } = headOf(graph);
  const pixel = kind === "places" && !layerHasNeurons(techniques, values);
  assertOptions(techniques, values, pixel ? ["at"] : []);
  if (values.has("probability") && (kind === "values" || kind === "places")) {
    throw new UsageError(
      `--probability expects an output with one softmax or sigmoid, got ${kind === "values" ? "the values" : "scores at every place of"} "${name}"; leave it out to explain the score itself`,
    );
  }
  const [only] = techniques;
  const weighs = techniques.some(({ weighsMaps }) => weighsMaps);
  const several = techniques.length > 1;
  const at = values.has("at");
  const ofNeurons = several ? values.has("channel") || (at && !pixel) : !weighs && !(at && pixel);
  const neurons = ofNeurons ? neuronsOf(graph, values) : undefined;
  if (neurons && !several && only?.classesOnly) {
    throw new UsageError(`${only.name} takes no --layer: its maps are those before the pooling`);
  }
  return {
    techniques,
    targets: neurons ? [undefined] : targetsOf(graph, values),
    layers: weighs ? layersOf(graph, neurons ? leadingTo(graph, neurons) : values.text("layer")) : [],
    neurons,
  };
}

/** True if --layer may name the neurons that are asked: of a CAM by itself it names the maps that are weighed. */
export function layerHasNeurons(techniques: readonly AttributionTechnique[], values: Values): boolean {
  const [only, another] = techniques;
  return values.has("layer") && !(only?.weighsMaps && !another);
}

/** The classes that --target names: a label may have commas of its own. */
function targetsOf(graph: Graph, values: Values): (string | undefined)[] {
  const text = values.text("target");
  if (text === undefined) return [undefined];
  const head = headOf(graph);
  const known = (name: string): boolean => {
    try {
      classOf(head, name);
      return true;
    } catch {
      return false;
    }
  };
  if (!text.includes(",") || known(text)) {
    classOf(head, text);
    return [text];
  }
  const names = text.split(",").map((part) => part.trim());
  const found = names.map((name) => classOf(head, name));
  const twice = names.find((_, i) => found.indexOf(found[i] ?? 0) < i);
  if (twice !== undefined) throw new UsageError(`--target names class "${twice}" twice`);
  return names;
}

/** The layer whose maps lead to some neurons. */
function leadingTo(graph: Graph, { layer }: Target): string {
  const [before = layer] = layerOf(graph, layer).inputs;
  return layerOf(graph, before).op === "input" ? layer : before;
}

function layersOf(graph: Graph, text: string | undefined): string[] {
  if (text === undefined) return [lastMaps(graph, shapesOf(graph))];
  const whole = graph.layers.some(({ name }) => name === text);
  const names = whole ? [text] : text.split(",").map((part) => part.trim());
  return names.map((name) => layerOf(graph, name).name);
}

/** The kind of a class's score, for a technique. */
export function scoreOf(
  { on, options }: AttributionTechnique,
  neurons: Target | undefined,
  graph: Graph,
  values: Values,
): "activation" | "probability" | "logit" | "value" {
  if (neurons) return "activation";
  const { kind, scores } = headOf(graph);
  if (scores === "values") return "value";
  if (kind === "places") return "logit";
  const probability = on === "probability" || (values.has("probability") && "on" in options);
  return probability ? "probability" : "logit";
}

export interface AskOptions {
  readonly settings: Omit<AttributionOptions, "target">;
  readonly io: Io;
  readonly onProgress: (fraction: number) => void;
}

/**
 * Asks a technique about each of some objectives, with one forward pass or one sweep where it can.
 * @throws UnsupportedError for neurons where only classes can be asked.
 */
export async function askTechnique(
  technique: AttributionTechnique,
  network: Network,
  input: Input,
  objectives: readonly ChosenObjective[],
  { settings, io, onProgress }: AskOptions,
): Promise<readonly Attribution[]> {
  if (technique.classesOnly && objectives.some(({ report }) => report.index === undefined)) {
    throw new UnsupportedError(`${technique.title}: expected a class, got neurons of a layer`);
  }
  const { signal } = io;
  const [only, ...others] = objectives;
  if (only && others.length === 0) {
    const { target, output } = only;
    return [await technique.run(network, input.values, { ...settings, target, output, signal, onProgress })];
  }
  const targets = objectives.flatMap(({ target }) => (target === undefined ? [] : [target]));
  const options = { ...settings, targets, signal, onProgress };
  for await (const found of explainEach(network, [input.values], technique.name, options)) return found;
  return [];
}
