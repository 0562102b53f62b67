import { type Command, sequence } from "../gpu/command.ts";
import { UnsupportedError } from "../gpu/errors.ts";
import { all, type Own } from "../gpu/scope.ts";
import { asNhwc, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationOf, weightsOf } from "../graph/layer-facts.ts";
import {
  createRelevanceProduct,
  createRelevanceRatio,
  type RelevanceProductSite,
} from "../kernels/relevance.ts";
import { activationFacts } from "../layers/activation-kinds.ts";
import { createSumOfRepeats } from "../layers/arithmetic.ts";
import { constantsFor } from "../layers/constants.ts";
import type { Constant, Tensors } from "../layers/op.ts";
import { type OpLayer, opOf } from "../layers/ops.ts";
import type { RedistributionStep } from "./plan.ts";
import { branchesOf, epsilonOf, type RuleBranch, type RuleTerm, SAME, type Slopes, sloped } from "./rules.ts";

type Weighted = Extract<OpLayer, { readonly w: Constant }>;

/** The relevance of an input, to be written over what is there, or added to it. */
export interface Destination {
  readonly r: Tensor;
  readonly accumulate: boolean;
}

/** Memory that steps use one after another, as large as any needs it. */
export type Workspace = (name: "z" | "term" | "s" | "part" | "c", shape: Shape) => Tensor;

export interface RedistributionSite {
  readonly device: GPUDevice;
  readonly step: RedistributionStep;
  /** The activations of the layer's inputs and its own. */
  readonly x: readonly Tensor[];
  readonly y: Tensor;
  /** Relevance of the layer's outputs, and where that of each input goes. */
  readonly r: Tensor;
  readonly to: readonly Destination[];
  /** The layer's weights where they are on the device as they stand. */
  readonly constants: Tensors | undefined;
  /** Bounds of the image, of x's shape. */
  readonly bounds: (rule: RedistributionSite["step"]["rule"]) => {
    readonly low: Tensor;
    readonly high: Tensor;
  };
  readonly workspace: Workspace;
  readonly upload: (constants: Readonly<Record<string, Constant>>) => Tensors;
  readonly account: Tensor;
  /** The first of the step's entries of the account. */
  readonly entry: number;
  readonly own: Own;
}

/** Redistributes the relevance of a layer's outputs among its inputs by its rule. */
export async function createRedistribution(site: RedistributionSite): Promise<Command> {
  const { step } = site;
  const branches = branchesOf(step.rule, step.signed);
  return sequence(await all(branches.map((branch, index) => createBranch(site, branch, index))));
}

/** The number of entries of the account that a step needs. */
export function entriesOf({ rule, signed }: RedistributionSite["step"]): number {
  return branchesOf(rule, signed).length;
}

async function createBranch(site: RedistributionSite, branch: RuleBranch, place: number): Promise<Command> {
  const { device, step, y, r, own, workspace } = site;
  const label = step.layer.name;
  const activation = activationFacts(activationOf(step.layer));
  const linear = step.by === "sum" ? sumOf(site) : linearOf(site, step.as);
  const terms = branch.terms.filter(({ w }) => linear.weighted || w.up !== 0);
  const parts = await all(terms.map((term, index) => linear.term(term, index === 0 ? branch.b : undefined)));
  const s = workspace("s", y.shape);
  const same = terms.every(({ part, w }) => part === "all" && (linear.weighted ? isSame(w) : w.up === 1));
  // Where the layer's output is its pre-activation, or relevant only where it is, there is nothing to compute.
  const known =
    same && terms.length === 1 && activation.passesOrStops && (branch.b !== undefined || !linear.biased);
  const z = known ? y : workspace("z", y.shape);
  const ratio = createRelevanceRatio(device, {
    sign: branch.sign,
    middle: activation.atZero,
    epsilon: epsilonOf(step.rule),
    r,
    z,
    y,
    b: branch.b ? parts[0]?.b : undefined,
    s,
    account: site.account,
    slot: site.entry + place,
    label,
  });
  const [forward, shared, backward] = await all([
    all(known ? [] : parts.map((part, index) => part.forward(z, index > 0))),
    ratio.then(own),
    all(parts.map((part, index) => part.backward(s, place > 0 || index > 0))),
  ]);
  return sequence([...forward.flat(), shared, ...backward.flat()]);
}

/** A term of a rule at a layer, on the device. */
interface DeviceTerm {
  /** The bias, if the term has one. */
  readonly b: Tensor | undefined;
  /** Adds the term to z, or writes it there. */
  forward(z: Tensor, accumulate: boolean): Promise<Command[]>;
  /** Shares s by the term; `added`: whether an earlier term has written to the destinations. */
  backward(s: Tensor, added: boolean): Promise<Command[]>;
}

interface Linear {
  readonly weighted: boolean;
  readonly biased: boolean;
  term(term: RuleTerm, b: Slopes | undefined): Promise<DeviceTerm>;
}

/** A sum of several inputs: every weight is 1. */
function sumOf({ device, step, x, to, own, workspace }: RedistributionSite): Linear {
  const label = step.layer.name;
  return {
    weighted: false,
    biased: false,
    async term({ part, w }) {
      const scaled = { part: partOf(part), scale: w.up, label };
      const product = async (site: Omit<RelevanceProductSite, "label">): Promise<Command> =>
        own(await createRelevanceProduct(device, { ...scaled, ...site }));
      return {
        b: undefined,
        forward: (z, accumulate) =>
          all(x.map((one, i) => product({ x: one, y: z, accumulate: accumulate || i > 0 }))),
        backward: async (s, added) => {
          const back = await all(
            x.map(async (one, i) => {
              const { r, accumulate } = at(to, i);
              const shared = { x: one, y: r, accumulate: accumulate || added };
              if (sizeOf(one.shape) === sizeOf(s.shape)) return [await product({ ...shared, c: s })];
              // What was repeated takes what its repeats have together.
              const c = workspace("c", one.shape);
              const sum = await createSumOfRepeats(device, { dy: s, dx: c, accumulate: false, label });
              return [own(sum), await product({ ...shared, c })];
            }),
          );
          return back.flat();
        },
      };
    },
  };
}

/** A layer of one input: by weights, or a mean or an enlargement, whose weights are positive and stay as they are. */
function linearOf(site: RedistributionSite, layer: OpLayer): Linear {
  const { device, step, workspace, upload, own } = site;
  const label = step.layer.name;
  const weighted = "w" in layer;
  if (!weighted && weightsOf(layer)) {
    throw new UnsupportedError(`LRP: expected the weights of ${layer.op} "${label}" as "w" and "b"`);
  }
  // What stands for a layer of another op takes pixels.
  const pixels = (tensor: Tensor): Tensor =>
    layer.op === step.layer.op ? tensor : { ...tensor, shape: asNhwc(tensor.shape) };
  const to = at(site.to, 0);
  const destination = { ...to, r: pixels(to.r) };
  const y = pixels(site.y);
  const x = pixels(at(site.x, 0));
  const op = opOf(layer);
  return {
    weighted,
    biased: weighted && layer.b !== undefined,
    async term({ part, w }, b) {
      const variant = weighted ? withSlopes(layer, w, b) : layer;
      const constants = weighted
        ? without(
            site.constants && isSame(w) && (!b || isSame(b))
              ? site.constants
              : upload(constantsFor(device, op, variant, [x.shape], true)),
            b ? undefined : "b",
          )
        : {};
      const scale = weighted ? 1 : w.up;
      const bound = part === "low" || part === "high" ? site.bounds(step.rule)[part] : undefined;
      const values = bound ?? x;
      const scaled = { part: partOf(part), scale, x: values, label };
      const whole = scaled.part === "all" && scale === 1;
      const input = whole ? values : workspace("part", x.shape);
      const layerSite = { layer: variant, x: [input] as const, constants, saved: {} };
      return {
        b: constants.b,
        async forward(z, accumulate) {
          const target = accumulate ? workspace("term", y.shape) : { ...z, shape: y.shape };
          const made = [
            ...(whole ? [] : [createRelevanceProduct(device, { ...scaled, y: input, accumulate: false })]),
            op.forward(device, { ...layerSite, y: target }),
            ...(accumulate ? [createRelevanceProduct(device, { x: target, y: z, accumulate, label })] : []),
          ];
          return all(made.map((command) => command.then(own)));
        },
        async backward(s, added) {
          const c = workspace("c", x.shape);
          const dy = { ...s, shape: y.shape };
          const back = op.backward(device, {
            ...layerSite,
            y,
            dy,
            dx: c,
            input: 0,
            accumulate: false,
            // No layer here has an activation, so that none reads it.
            rule: s.buffer,
          });
          const { r, accumulate } = destination;
          const product = createRelevanceProduct(device, {
            ...scaled,
            c,
            y: r,
            accumulate: accumulate || added,
          });
          return all([back.then(own), product.then(own)]);
        },
      };
    },
  };
}

function withSlopes({ b, ...layer }: Weighted, w: Slopes, slopes: Slopes | undefined): Weighted {
  const weights = { shape: layer.w.shape, data: sloped(layer.w.data, w) };
  const bias = b && slopes ? { b: { shape: b.shape, data: sloped(b.data, slopes) } } : {};
  return { ...layer, w: weights, ...bias };
}

function isSame({ up, down }: Slopes): boolean {
  return up === SAME.up && down === SAME.down;
}

/** The bounds take part as a whole, in the input's place. */
function partOf(part: RuleTerm["part"]): "all" | "positive" | "negative" {
  return part === "low" || part === "high" ? "all" : part;
}

function without(tensors: Tensors, name: string | undefined): Tensors {
  return Object.fromEntries(Object.entries(tensors).filter(([key]) => key !== name));
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new RangeError(`expected an element ${index}`);
  return found;
}
