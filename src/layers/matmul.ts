import shader from "../../shaders/matmul.wgsl";
import subgroupShader from "../../shaders/matmul_subgroups.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShapes, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { axesParams, MOST_AXES } from "./axes.ts";
import { broadcastShape, stridesIn } from "./broadcast.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op } from "./op.ts";
import { seesAll, seesItself } from "./sight.ts";
import { stridesOf } from "./strided.ts";
import { chooseTiling } from "./tiling.ts";

/**
 * Products of matrices of two inputs, [N, …, M, K]·[N, …, K, P]: [N, …, M, P]. The axes between the batch and the matrices are
 * broadcast by NumPy's rule.
 */
export interface MatmulLayer extends LayerBase {
  readonly op: "matmul";
  /** True if the first input's matrices lie as [K, M]. */
  readonly transposeA?: boolean;
  /** True if the second input's matrices lie as [P, K]. */
  readonly transposeB?: boolean;
}

export const matmul: Op<MatmulLayer> = {
  fields: { ...LAYER_FIELDS, transposeA: [true, false], transposeB: [true, false] },
  describe: ({ transposeA, transposeB }) =>
    `matrix product ${transposeA ? "aᵀ" : "a"}·${transposeB ? "bᵀ" : "b"}`,
  shape(layer, x) {
    const problem = productOf(layer, x);
    if (problem) return [...problem.stack, problem.rows, problem.columns];
    throw new InputError(
      `matmul "${layer.name}": expected two inputs N×…×M×K and N×…×K×P of at most ${MOST_AXES} axes, transposed where it says so, got ${formatShapes(x)}`,
    );
  },
  view: false,

  forward(device, { layer, x: [a, b = a], y }) {
    const { sides, ...problem } = expectProduct(layer, [a.shape, b.shape]);
    const [ofA, ofB] = sides;
    return createProduct(device, {
      ...problem,
      label: layer.name,
      a: { ...ofA, tensor: a },
      b: { ...ofB, tensor: b },
      y,
      stack: problem.stack.map((size, axis) => ({ size, a: ofA.stack[axis] ?? 0, b: ofB.stack[axis] ?? 0 })),
      sums: [],
      accumulate: false,
    });
  },

  backward(device, { layer, x: [a, b = a], input, dy, dx, accumulate }) {
    const { sides, stack, rows, columns, inner } = expectProduct(layer, [a.shape, b.shape]);
    const [ofA, ofB] = sides;
    const ofY: Side = { row: columns, column: 1, stack: stridesOf([...stack, rows, columns]) };
    // da = dy·bᵀ and db = aᵀ·dy; or the transposes of these, where the inputs lie so.
    const [own, other, tensor] = input === 0 ? [ofA, turned(ofB), b] : [ofB, turned(ofA), a];
    const lies = input === 0 ? !layer.transposeA : !layer.transposeB;
    const dyFirst = input === 0 ? lies : !lies;
    const dySide = { ...(lies ? ofY : turned(ofY)), tensor: dy };
    const otherSide = { ...(lies ? other : turned(other)), tensor };
    const size = input === 0 ? [rows, inner] : [inner, columns];
    const [first = 1, second = 1] = lies ? size : size.toReversed();
    const [left, right] = dyFirst ? [dySide, otherSide] : [otherSide, dySide];
    const axes = stack.map((count, axis) => ({
      size: count,
      a: left.stack[axis] ?? 0,
      b: right.stack[axis] ?? 0,
      repeated: own.stack[axis] === 0 && count > 1,
    }));
    return createProduct(device, {
      label: layer.name,
      rows: first,
      columns: second,
      inner: input === 0 ? columns : rows,
      a: left,
      b: right,
      y: dx,
      stack: axes.filter(({ repeated }) => !repeated),
      sums: axes.filter(({ repeated }) => repeated),
      accumulate,
    });
  },

  incremental: { kind: "full" },
  mathematics: () => ({
    linear: false,
    homogeneous: false,
    pointwise: false,
    nonNegative: "inputs",
    withinInputs: false,
    sums: "made",
  }),
  weights: () => undefined,
  sees(layer, site) {
    const { input, x, y } = site;
    const place = site.axis + 1;
    const own = x[input] ?? [];
    const aligned = own.length === y.length && own[place] === y[place];
    // Matrices see their likes, and rows of the product their own of the first input.
    const rows = place === y.length - 2 && input === 0 && !layer.transposeA;
    return aligned && (place < y.length - 2 || rows) ? seesItself(site) : seesAll(site);
  },
  fusion: ALONE,
  // Two factors of which neither is the gate: whose relevance it is nobody knows.
  relevance: { propagation: () => ({ by: "undefined", pass: "nowhere" }), gate: false },
  backProject: null,
};

/** How an operand's matrices lie: elements between neighbouring rows and columns, and along each axis of the stack. */
interface Side {
  readonly row: number;
  readonly column: number;
  readonly stack: readonly number[];
}

interface Problem {
  /** Sizes of the batch and of the axes between it and the matrices. */
  readonly stack: Shape;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly sides: readonly [Side, Side];
}

function turned({ row, column, stack }: Side): Side {
  return { row: column, column: row, stack };
}

/** The product of two inputs; undefined where they do not fit. */
function productOf(
  { transposeA = false, transposeB = false }: MatmulLayer,
  x: readonly Shape[],
): Problem | undefined {
  const [a, b] = x;
  if (!a || !b || x.length !== 2) return undefined;
  const most = Math.max(a.length, b.length);
  if (Math.min(a.length, b.length) < 3 || most > MOST_AXES || a[0] !== b[0]) return undefined;
  const [rows = 0, inner = 0] = transposeA ? a.slice(-2).toReversed() : a.slice(-2);
  const [innerOfB = 0, columns = 0] = transposeB ? b.slice(-2).toReversed() : b.slice(-2);
  if (inner !== innerOfB) return undefined;
  const stacks = [a, b].map((shape) => shape.slice(0, -2));
  const stack = broadcastShape(stacks);
  if (!stack) return undefined;
  const [ofA = [], ofB = []] = stacks.map((own) => stridesIn(stack, own));
  const side = (shape: Shape, strides: readonly number[], transposed: boolean): Side => {
    const [last = 1, matrix = 1] = [shape.at(-1), sizeOf(shape.slice(-2))];
    const straight: Side = { row: last, column: 1, stack: strides.map((stride) => stride * matrix) };
    return transposed ? turned(straight) : straight;
  };
  return { stack, rows, inner, columns, sides: [side(a, ofA, transposeA), side(b, ofB, transposeB)] };
}

function expectProduct(layer: MatmulLayer, x: readonly Shape[]): Problem {
  const found = productOf(layer, x);
  if (found) return found;
  throw new InputError(`matmul "${layer.name}": expected inputs that fit, got ${formatShapes(x)}`);
}

/** An axis that both operands are walked along. */
interface SharedAxis {
  readonly size: number;
  readonly a: number;
  readonly b: number;
}

/** Axes that a kernel counts for so many: as few pipelines as save it work. Those beyond have one element. */
function countedAxes(rank: number): number {
  return [1, 4].find((few) => rank <= few) ?? MOST_AXES;
}

/** y = Σ a·b, matrix by matrix of a stack, or adds it; see matmul.wgsl and matmul_subgroups.wgsl. */
function createProduct(
  device: GPUDevice,
  product: {
    readonly label: string;
    readonly rows: number;
    readonly inner: number;
    readonly columns: number;
    readonly a: Side & { readonly tensor: Tensor };
    readonly b: Side & { readonly tensor: Tensor };
    readonly y: Tensor;
    readonly stack: readonly SharedAxis[];
    readonly sums: readonly SharedAxis[];
    readonly accumulate: boolean;
  },
): Promise<Command> {
  const { label, rows, inner, columns, a, b, y, accumulate } = product;
  const walk = (axes: readonly SharedAxis[]) => {
    const [one, ...more] = axes.filter(({ size }) => size > 1);
    const walked = one ? [one, ...more] : [{ size: 1, a: 0, b: 0 }];
    const sizes = walked.map(({ size }) => size);
    const along = (of: "a" | "b") => axesParams({ sizes, strides: walked.map((axis) => axis[of]) });
    return { rank: sizes.length, count: sizeOf(sizes), a: along("a"), b: along("b") };
  };
  const [stack, sums] = [walk(product.stack), walk(product.sums)];
  // What serves a device's convolutions, lanes that share their reads or not, serves its products.
  const { subgroups } = chooseTiling(device, stack.count * rows, columns);
  const [tileRows, tileColumns] = subgroups ? [32, 16] : [64, 64];
  const tilesDown = Math.ceil(rows / tileRows);
  const tilesAcross = Math.ceil(columns / tileColumns);
  const groups = stack.count * tilesDown * tilesAcross;
  return createDispatch(device, subgroups ? subgroupShader : shader, {
    label,
    constants: { RANK: countedAxes(stack.rank), SUM_RANK: countedAxes(sums.rank) },
    params: {
      ...{ rows, inner, columns, tilesDown, tilesAcross, groups },
      ...{ sums: sums.count, accumulate: Number(accumulate) },
      ...{ aRow: a.row, aColumn: a.column, bRow: b.row, bColumn: b.column },
      ...{ sizes: stack.a.sizes, moreSizes: stack.a.moreSizes },
      ...{ aStrides: stack.a.strides, moreAStrides: stack.a.moreStrides },
      ...{ bStrides: stack.b.strides, moreBStrides: stack.b.moreStrides },
      ...{ sumSizes: sums.a.sizes, moreSumSizes: sums.a.moreSizes },
      ...{ aSumStrides: sums.a.strides, moreASumStrides: sums.a.moreStrides },
      ...{ bSumStrides: sums.b.strides, moreBSumStrides: sums.b.moreStrides },
    },
    bindings: { a: a.tensor, b: b.tensor, y },
    workgroups: gridOf(groups),
  });
}
