import { reducedConstant } from "../../lowering/constants.ts";
import { arithmetic } from "../../lowering/elementwise.ts";
import type { Lowering } from "../../lowering/lowering.ts";
import { permuted, reshaped, shapeOfValue } from "../../lowering/movement.ts";
import { product } from "../../lowering/products.ts";
import { reduced } from "../../lowering/reduction.ts";
import type { ConstantValue, LayerValue } from "../../lowering/value.ts";
import type { Call, Operator } from "../call.ts";

type Known = LayerValue | ConstantValue;

/** An array with a letter for each of its axes; those behind "…" are called by numbers, counted from the last. */
interface Labelled {
  readonly value: Known;
  readonly labels: readonly string[];
}

/** Labels of a term such as "b...ij" for an array of `rank` axes. */
function labelsOf(lowering: Lowering, term: string, rank: number): string[] {
  const [before = "", after, more] = term.split("...");
  const letters = before.length + (after?.length ?? 0);
  const fits = after === undefined ? letters === rank : letters <= rank;
  if (!fits || more !== undefined || !/^[A-Za-z]*$/.test(before + (after ?? ""))) {
    throw lowering.wrong(`expected a letter for each of ${rank} axes, got "${term}"`);
  }
  const dots =
    after === undefined ? [] : Array.from({ length: rank - letters }, (_, i) => `${rank - letters - i}`);
  const labels = [...before, ...dots, ...(after ?? "")];
  if (new Set(labels).size < labels.length)
    throw lowering.unsupported(`the diagonal "${term}" is not supported`);
  return labels;
}

/** The labels of the result: those after "->", or else those that stand once, in the order of the alphabet. */
function resultOf(
  lowering: Lowering,
  right: string | undefined,
  terms: readonly (readonly string[])[],
): string[] {
  const all = terms.flat();
  const dots = [...new Set(all.filter((label) => /\d/.test(label)))].sort((a, b) => Number(b) - Number(a));
  if (right === undefined) {
    const once = all.filter((label) => !/\d/.test(label) && all.indexOf(label) === all.lastIndexOf(label));
    return [...dots, ...once.sort()];
  }
  const wanted = labelsOf(
    lowering,
    right,
    right.replace("...", "").length + (right.includes("...") ? dots.length : 0),
  );
  if (!wanted.every((label) => all.includes(label))) {
    throw lowering.wrong(`expected the result "${right}" of letters that the inputs have`);
  }
  return wanted;
}

/** The sum over all axes but those of some labels. */
function summed(lowering: Lowering, { value, labels }: Labelled, kept: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (kept.has(label) ? [] : [axis]));
  if (axes.length === 0) return { value, labels };
  const left = labels.filter((label) => kept.has(label));
  if (value.kind === "layer") {
    return { value: reduced(lowering, value, "sum", axes, false, "sum"), labels: left };
  }
  const sum = reducedConstant(value, axes, (values) => values.reduce((a, b) => a + b, 0));
  const shape = value.shape.filter((_, axis) => !axes.includes(axis));
  return { value: reshaped(lowering, sum, shape), labels: left };
}

/** The axes in the order of some labels; one of 1 for a label that there is not. */
function inOrder(lowering: Lowering, { value, labels }: Labelled, order: readonly string[]): Known {
  const present = order.filter((label) => labels.includes(label));
  const turned = permuted(
    lowering,
    value,
    present.map((label) => labels.indexOf(label)),
  );
  const shape = shapeOfValue(turned);
  return reshaped(
    lowering,
    turned,
    order.map((label) => shape[present.indexOf(label)] ?? 1),
  );
}

/** Products of two arrays, summed over the labels that the result has not. */
function contracted(lowering: Lowering, a: Labelled, b: Labelled, result: readonly string[]): Labelled {
  const both = a.labels.filter((label) => b.labels.includes(label));
  const along = both.filter((label) => !result.includes(label));
  const shared = both.filter((label) => result.includes(label));
  const [left, right] = [a, b].map(({ labels }) => labels.filter((label) => !both.includes(label)));
  const [rows, columns] = [left ?? [], right ?? []];
  const labels = [...shared, ...rows, ...columns];
  if (along.length === 0) {
    const [x, y] = [a, b].map((one) => inOrder(lowering, one, labels));
    if (!x || !y) throw lowering.wrong("expected two inputs");
    return { value: arithmetic(lowering, "multiply", x, y), labels };
  }
  const sizes = new Map<string, number>();
  for (const one of [a, b])
    for (const [axis, size] of shapeOfValue(one.value).entries()) sizes.set(one.labels[axis] ?? "", size);
  const size = (some: readonly string[]) => some.map((label) => sizes.get(label) ?? 1);
  const count = (some: readonly string[]) => size(some).reduce((x, y) => x * y, 1);
  const [first, second] = [
    inOrder(lowering, a, [...shared, ...rows, ...along]),
    inOrder(lowering, b, [...shared, ...along, ...columns]),
  ];
  // Rows of layers times weights need not be one axis.
  const apart = second.kind === "constant";
  const x = reshaped(lowering, first, [
    ...size(shared),
    ...(apart ? size(rows) : [count(rows)]),
    count(along),
  ]);
  const y = reshaped(lowering, second, [...size(shared), count(along), count(columns)]);
  return { value: reshaped(lowering, product(lowering, x, y), size(labels)), labels };
}

/** Sums of products by labels of axes: matrix products, transposes and sums. */
export const einsum: Operator = (call: Call) => {
  const { attributes, lowering } = call;
  const [terms = "", right] = attributes.text("equation", "").replaceAll(" ", "").split("->");
  const written = terms.split(",");
  if (written.length !== call.inputs.length) {
    throw lowering.wrong(`expected an equation of ${call.inputs.length} inputs, got "${terms}"`);
  }
  if (written.length > 2) throw lowering.unsupported("a product of more than two inputs is not supported");
  const given = written.map((term, index): Labelled => {
    const value = call.given(index);
    return { value, labels: labelsOf(lowering, term, shapeOfValue(value).length) };
  });
  const result = resultOf(
    lowering,
    right,
    given.map(({ labels }) => labels),
  );
  const own = given.map((one, index) => {
    const others = given[1 - index]?.labels ?? [];
    return summed(lowering, one, new Set([...result, ...others]));
  });
  // Weights stand second.
  const [a, b] = own[0]?.value.kind === "constant" ? own.toReversed() : own;
  if (!a) throw lowering.wrong("expected inputs, got none");
  return inOrder(lowering, b ? contracted(lowering, a, b, result) : a, result);
};
