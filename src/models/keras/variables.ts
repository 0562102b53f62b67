import { ModelError } from "../../gpu/errors.ts";
import type { Config } from "../json.ts";
import type { KerasLayer, KerasModel } from "./topology.ts";

/** Groups of a `.keras` file, as a tree: a name leads to a group, and a group has variables by their number. */
interface Group<T> {
  readonly groups: Map<string, Group<T>>;
  readonly variables: Map<string, T>;
}

const emptyGroup = <T>(): Group<T> => ({ groups: new Map(), variables: new Map() });

/** Groups of a model that hold its layers: Keras 3's, and those of Keras 2.12 to 2.15. */
const CONTAINERS = ["layers", "_layer_checkpoint_dependencies"];

/** States of random generators, which layers of augmentation and dropout have. */
const RANDOM_STATE = /(^|\/)(\w*seed_generator|random_generator)\//;

const norm = (config: Config) => [
  ...(config.flag("scale", true) ? ["gamma"] : []),
  ...(config.flag("center", true) ? ["beta"] : []),
];
const biased =
  (...names: readonly string[]) =>
  (config: Config) =>
    config.flag("use_bias", true) ? [...names, "bias"] : names;
const batchNorm = (config: Config) => [...norm(config), "moving_mean", "moving_variance"];

/** Names of the variables of each class, in the order in which Keras saves them: that in which they were made. */
const VARIABLES: ReadonlyMap<string, (config: Config) => readonly string[]> = new Map([
  ["BatchNormalization", batchNorm],
  ["BatchNormalizationV1", batchNorm],
  ["SyncBatchNormalization", batchNorm],
  ["Conv1D", biased("kernel")],
  ["Conv2D", biased("kernel")],
  ["Conv2DTranspose", biased("kernel")],
  ["Dense", biased("kernel")],
  ["DepthwiseConv2D", biased("depthwise_kernel")],
  ["GroupNormalization", norm],
  ["LayerNormalization", (config) => (config.flag("rms_scaling", false) ? ["gamma"] : norm(config))],
  ["Normalization", (config) => (config.has("mean") ? [] : ["mean", "variance", "count"])],
  ["PReLU", () => ["alpha"]],
  ["SeparableConv2D", biased("depthwise_kernel", "pointwise_kernel")],
]);

/** A class's name as Keras writes it in paths: Conv2D is conv2d, LayerNormalization layer_normalization. */
export function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/**
 * The arrays of model.weights.h5 under the names that layers ask for. The file has numbers in place of names: each layer's
 * group is called after its class and counts those of one class in the model's order (or, of old versions, after the layer
 * itself), and its variables are numbered.
 * @throws ModelError when groups and layers are not of one model.
 */
export function namedVariables<T>(
  arrays: ReadonlyMap<string, T>,
  model: KerasModel,
  who: string,
): ReadonlyMap<string, T> {
  const named = new Map<string, T>();
  nameModel(treeOf(arrays), model, "", who, named);
  return named;
}

function treeOf<T>(arrays: ReadonlyMap<string, T>): Group<T> {
  const root = emptyGroup<T>();
  for (const [path, array] of arrays) {
    const parts = path.split("/");
    const variable = parts.pop() ?? "";
    // What the optimiser keeps belongs to no layer.
    if (RANDOM_STATE.test(path) || parts[0] === "optimizer") continue;
    let at = root;
    for (const part of parts.at(-1) === "vars" ? parts.slice(0, -1) : parts) {
      const inner = at.groups.get(part) ?? emptyGroup<T>();
      at.groups.set(part, inner);
      at = inner;
    }
    at.variables.set(variable, array);
  }
  return root;
}

function nameModel<T>(
  group: Group<T>,
  model: KerasModel,
  path: string,
  who: string,
  named: Map<string, T>,
): void {
  const holders = CONTAINERS.flatMap((name) => group.groups.get(name) ?? []);
  const groups = new Map(holders.flatMap((holder) => [...holder.groups]));
  const stems = new Set(Array.from(groups.keys(), (name) => name.replace(/_\d+$/, "")));
  const layers = model.layers.filter((layer) => hasVariables(layer, stems));
  const found = groupsByClass(groups, layers) ?? groupsByName(groups, layers);
  if (!found) {
    const wanted = layers.map(({ name }) => name).join(", ");
    throw new ModelError(
      `${who}: expected a group of variables for each of the layers ${wanted || "(none)"}, got ${[...groups.keys()].slice(0, 8).join(", ") || "none"}; the weights and the layers are not of one model`,
    );
  }
  for (const [layer, own] of found) {
    const inner = `${path}${layer.name}`;
    if (layer.model) nameModel(own, layer.model, `${inner}/`, who, named);
    else nameLayer(own, layer, inner, named);
  }
}

function nameLayer<T>(group: Group<T>, layer: KerasLayer, path: string, named: Map<string, T>): void {
  const names = VARIABLES.get(layer.className)?.(layer.config) ?? [];
  for (const [number, array] of group.variables)
    named.set(`${path}/${names[Number(number)] ?? number}`, array);
  for (const [name, inner] of group.groups) nameLayer(inner, layer, `${path}/${name}`, named);
}

/** True if a layer has variables: one of a class that is not known, where the file has a group for the class. */
function hasVariables({ className, config, model }: KerasLayer, stems: ReadonlySet<string>): boolean {
  if (model) return model.layers.some((layer) => hasVariables(layer, stems));
  const names = VARIABLES.get(className)?.(config);
  return names ? names.length > 0 : stems.has(snakeCase(className));
}

type Found<T> = ReadonlyMap<KerasLayer, Group<T>>;

/** Each layer's group by its class and its number among those of the class. Some versions count layers twice: order decides. */
function groupsByClass<T>(
  groups: ReadonlyMap<string, Group<T>>,
  layers: readonly KerasLayer[],
): Found<T> | undefined {
  const found = new Map<KerasLayer, Group<T>>();
  const numbered = Array.from(groups, ([name, group]) => {
    const [, stem = name, number = "0"] = /^(.*?)(?:_(\d+))?$/.exec(name) ?? [];
    return { stem, number: Number(number), group };
  }).sort((a, b) => a.number - b.number);
  for (const stem of new Set(numbered.map((one) => one.stem))) {
    const own = numbered.filter((one) => one.stem === stem);
    const meant = layers.filter(({ className }) => snakeCase(className) === stem);
    if (own.length !== meant.length) return undefined;
    for (const [i, layer] of meant.entries()) found.set(layer, own[i]?.group ?? emptyGroup());
  }
  return found.size === layers.length ? found : undefined;
}

function groupsByName<T>(
  groups: ReadonlyMap<string, Group<T>>,
  layers: readonly KerasLayer[],
): Found<T> | undefined {
  const found = new Map(
    layers.flatMap((layer) => {
      const group = groups.get(layer.name);
      return group ? [[layer, group] as const] : [];
    }),
  );
  return found.size === layers.length && found.size === groups.size ? found : undefined;
}
