import type { Source } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { formatShape } from "../gpu/tensor.ts";
import { className } from "../graph/classes.ts";
import { type Graph, layerOf, shapesOf } from "../graph/graph.ts";
import { headOf, withLogits } from "../graph/heads.ts";
import type { Networks } from "../network/pool.ts";
import type { Rows } from "./gaussian-mixture.ts";
import { HELD_OUT, HeldOut, type HeldOutOptions } from "./held-out.ts";
import { goingAround, LayerRuns, readBatches } from "./layer-runs.ts";
import {
  dataTree,
  type SurrogateTree,
  type SurrogateTreeOptions,
  surrogateTree,
  treeAnswers,
} from "./surrogate-tree.ts";

export interface NetworkTreeOptions
  extends HeldOutOptions,
    Pick<SurrogateTreeOptions, "components" | "samples" | "size"> {
  /** A layer without places, whose channels the rest of the network reads. Default: the first such. */
  readonly layer?: string | undefined;
}

const NETWORK_TREE: Fields<NetworkTreeOptions> = {
  ...HELD_OUT,
  ...{ layer: "may", components: "may", samples: "may", size: "may" },
};

/** A tree in place of the rest of a network. */
export interface NetworkTree extends SurrogateTree {
  readonly layer: string;
  /** Names of the classes. */
  readonly classes: readonly string[];
  readonly train: number;
  readonly test: number;
  /** Share of the pictures held out for which the tree says what the network says. */
  readonly fidelity: number;
  /** The same of a CART tree of that size, grown on the network's answers to the pictures for `train` alone. */
  readonly fidelityOfData: number;
  /** Share of the pictures held out for which tree and network are right; absent without labels that are classes. */
  readonly accuracy?: { readonly tree: number; readonly network: number } | undefined;
  readonly notes: readonly string[];
}

/** Rows of one forward pass of what comes after the layer. */
const ROWS = 64;

/**
 * A small tree that says what a network says, by the channels of a layer without places: where pictures lie among the channels' values is
 * learnt from pictures for `train`, and the rest of the network is asked about points drawn there. See `surrogateTree`.
 * @throws InputError when the layer has places or does not alone decide the answer, or there are too few pictures; the signal's reason.
 * @example
 * ```ts
 * import { syntheticSource } from "vitrine/dataset";
 * import { networkTree } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const source = syntheticSource(device, { count: 32 });
 * const { fidelity, nodes } = await networkTree(networks, source, { samples: 100, size: 7 });
 * console.log(fidelity, nodes);
 * networks.destroy();
 * ```
 */
export async function networkTree(
  networks: Networks,
  source: Source,
  options: NetworkTreeOptions = {},
): Promise<NetworkTree> {
  const who = "network tree";
  assertFields(who, options, NETWORK_TREE);
  const { graph } = networks;
  const layer = layerFor(who, graph, options.layer);
  const count = source.count ?? 256;
  const others = (given: number | undefined): number =>
    Math.min(2000, given === undefined ? Math.floor(count / 2) : Math.max(1, count - given));
  const { train: fitted = others(options.test), test: judged = others(options.train) } = options;
  const held = new HeldOut(who, source, { ...options, train: fitted, test: judged });
  const form = { keep: [layer], gradients: false, reuseBuffers: true };
  const batch = options.batch ?? networks.batchWithin({ ...form, most: ROWS });
  return LayerRuns.during(networks, [layer], { batch, signal: options.signal }, async (runs) => {
    const gather = async (which: "train" | "test") => {
      const [values, answers, truths]: [number[][], number[], (number | undefined)[]] = [[], [], []];
      for await (const pictures of readBatches(runs, held.read(which))) {
        const { layers, scores } = await runs.run(pictures.map((picture) => picture.values));
        const all = layers[0] ?? new Float32Array();
        const width = all.length / pictures.length;
        for (const [n, answer] of runs.answers(scores, pictures.length).entries()) {
          if (answer === undefined)
            throw new InputError(`${who}: expected a network with classes, got "${graph.name}"`);
          values.push([...all.subarray(n * width, (n + 1) * width)]);
          answers.push(answer);
          truths.push(runs.classOf(pictures[n]?.label));
        }
      }
      held.assertFound(who, which);
      const rows: Rows = { data: Float32Array.from(values.flat()), width: values[0]?.length ?? 1 };
      return { rows, answers, truths };
    };
    const [train, test] = [await gather("train"), await gather("test")];
    const { width } = train.rows;
    const classify = async (rows: Float32Array): Promise<number[]> => {
      const found: number[] = [];
      const step = runs.batch * width;
      for (let at = 0; at < rows.length; at += step) {
        const part = rows.slice(at, at + step);
        const scores = await runs.after(layer, part);
        for (const answer of runs.answers(scores, part.length / width)) found.push(answer ?? 0);
      }
      return found;
    };
    const { components, samples, size, seed, signal } = options;
    const tree = await surrogateTree(train.rows, classify, { components, samples, size, seed, signal });
    const plain = await dataTree(train.rows, train.answers, size);
    const said = treeAnswers(tree.root, test.rows);
    const same = (a: readonly number[], b: readonly (number | undefined)[]) =>
      a.filter((answer, i) => answer === b[i]).length;
    const labelled = test.truths.filter((truth) => truth !== undefined).length;
    return {
      ...tree,
      layer,
      classes: Array.from({ length: runs.head.classes }, (_, i) => className(runs.head, i)),
      ...{ train: train.answers.length, test: test.answers.length },
      fidelity: same(said, test.answers) / said.length,
      fidelityOfData: same(treeAnswers(plain.root, test.rows), test.answers) / said.length,
      ...(labelled > 0
        ? {
            accuracy: {
              tree: same(said, test.truths) / labelled,
              network: same(test.answers, test.truths) / labelled,
            },
          }
        : {}),
      notes: [
        ...held.notes,
        ...(components === undefined && tree.components < 100
          ? [`${tree.components} Gaussians in place of 100: a tenth of the pictures that they are fitted to`]
          : []),
      ],
    };
  });
}

/** The layer whose channels are the features. */
function layerFor(who: string, graph: Graph, given: string | undefined): string {
  const apart = withLogits(graph);
  const { logits } = headOf(graph);
  const shapes = shapesOf(apart);
  const usable = (name: string): boolean =>
    name !== logits && shapes.get(name)?.length === 2 && goingAround(apart, name, logits) === undefined;
  if (given === undefined) {
    const found = apart.layers.find(({ name, op }) => op !== "input" && usable(name));
    if (found) return found.name;
    throw new InputError(
      `${who}: expected a network with a layer without places before its logits, got "${graph.name}" with none`,
    );
  }
  const { name } = layerOf(apart, given);
  if (usable(name)) return name;
  throw new InputError(
    `${who}: expected a layer [C] without places, before the logits, that alone decides the answer, got "${given}" of ${formatShape(shapes.get(name)?.slice(1) ?? [])}`,
  );
}
