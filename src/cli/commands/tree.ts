import { composeTree, type DrawnNode } from "../../figures/tree.ts";
import { type NetworkTree, networkTree } from "../../lab/network-tree.ts";
import type { TreeNode } from "../../lab/surrogate-tree.ts";
import { heldOutOf, numberText, openData, shareText } from "../held-out.ts";
import { type Io, printJson } from "../io.ts";
import { withPool } from "../made-pictures.ts";
import { openModel } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const TREE: CliCommand = {
  name: "tree",
  usage: "--data DATA",
  summary: "Put a small tree of questions in place of the rest of a network, and say how true it is.",
  details: [
    "The tree asks about the channels of a layer without places, such as the mean of the last maps (Bastani, Kim & Bastani 2017). Where pictures lie there is learnt from those for --train, as a mixture of Gaussians; the rest of the network is asked about points drawn from it.",
    "Fidelity is the share of other pictures for which the tree says what the network says. Beside it: that of a plain tree of the same size, grown on the pictures alone.",
  ],
  options: [
    "data",
    "truth",
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    ...(["layer", "nodes", "components", "draws", "train", "test"] as const),
    ...(["batch", "memory", "seed", "out", "json"] as const),
  ],
  help: {
    data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
    layer: "A layer without places. Default: the first.",
    train: "Pictures that the mixture is fitted to. Default: half of them, at most 2000.",
    test: "Other pictures, on which the tree is judged. Default: as many.",
    seed: "Seed of what is drawn, and of the pictures of synthetic:N. Default 0, and 1.",
    out: "File for the figure (.png or .svg).",
  },
  examples: ["vitrine tree --data synthetic:64 --draws 200 --nodes 15 --out tree.png"],
  run: treeCommand,
};

async function treeCommand(words: readonly string[], values: Values, io: Io): Promise<void> {
  assertNoArguments("tree", words);
  const { lambda: _, places: __, ...held } = heldOutOf(values, io);
  const options = {
    ...held,
    layer: values.text("layer"),
    size: values.whole("nodes", 1, 1023),
    components: values.whole("components", 1, 10_000),
    samples: values.whole("draws", 1, 10_000_000),
  };
  const out = await outOf(values, [".png", ".svg"]);
  const graph = await openModel(values, io);
  const source = await openData("tree", graph, values, io);
  const tree = await withPool(graph, values, io, (networks) => networkTree(networks, source, options));
  const about = `${graph.name} · ${source.name} · fitted to ${tree.train} pictures, judged on ${tree.test}`;
  if (out !== undefined) {
    const draw = () =>
      composeTree({
        title: `What ${graph.name} says, by channels of ${tree.layer}`,
        subtitle: `${about} · fidelity ${shareText(tree.fidelity)}`,
        root: drawn(tree.root, tree),
        notes: summaryOf(tree),
      });
    await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
  }
  if (values.has("json")) {
    printJson(io, { model: graph.name, data: source.name, ...tree, out });
    return;
  }
  io.out(about);
  for (const line of summaryOf(tree)) io.out(line);
  for (const line of linesOf(tree.root, tree, "")) io.out(line);
}

function summaryOf({ fidelity, fidelityOfData, accuracy, nodes, components, notes }: NetworkTree): string[] {
  return [
    `Fidelity ${shareText(fidelity)}; a plain tree grown on the pictures ${shareText(fidelityOfData)}. ${nodes} nodes, ${components} Gaussians.`,
    ...(accuracy ? [`Right: tree ${shareText(accuracy.tree)}, network ${shareText(accuracy.network)}.`] : []),
    ...notes.map((note) => `${note}.`),
  ];
}

const detailOf = ({ mass, purity }: TreeNode): string => `${shareText(mass)}, purity ${purity.toFixed(2)}`;

function drawn(node: TreeNode, tree: NetworkTree): DrawnNode {
  const { split, answer } = node;
  if (!split) return { text: tree.classes[answer] ?? String(answer), detail: detailOf(node), group: answer };
  return {
    text: `channel ${split.feature} ≤ ${numberText(split.threshold)}`,
    detail: detailOf(node),
    children: [drawn(split.below, tree), drawn(split.above, tree)],
  };
}

function linesOf(node: TreeNode, tree: NetworkTree, indent: string): string[] {
  const { split, answer } = node;
  if (!split) return [`${indent}${tree.classes[answer] ?? answer} (${detailOf(node)})`];
  const question = `channel ${split.feature} ≤ ${numberText(split.threshold)}`;
  return [
    `${indent}if ${question}:`,
    ...linesOf(split.below, tree, `${indent}  `),
    `${indent}else:`,
    ...linesOf(split.above, tree, `${indent}  `),
  ];
}
