import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import { fusedActivationOf } from "../../src/graph/layer-facts.ts";
import {
  type BackwardPlan,
  type BackwardRequest,
  formatBackwardPlan,
  planBackward,
} from "../../src/network/backward-plan.ts";
import { gradientLayout } from "../../src/network/gradient-layout.ts";
import { branches, chain, constant, graph, random } from "../graph/graphs.ts";

const RULES = ["gradient", "guided", "deconvnet", "redirected"] as const;
const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
const RELU = { activation: { kind: "relu" } } as const;
const W = constant([1, 1, 4, 4], random(1));

/** Layers whose inputs are any before them: convolutions, sums (also of a layer and itself), views, ReLUs, concatenations. */
const graphs = fc
  .array(fc.tuple(fc.nat(6), fc.nat(), fc.nat()), { minLength: 1, maxLength: 12 })
  .map((choices): Graph => {
    const layers: Layer[] = [{ op: "input", name: "image", inputs: [], shape: [4, 4, 4] }];
    for (const [index, [kind, one, other]] of choices.entries()) {
      const name = `layer${index}`;
      // Often the layer before, so that there are chains as well as branches.
      const nameAt = (choice: number): string =>
        layers.at(-1 - (choice % 5 < 3 ? 0 : choice % layers.length))?.name ?? "";
      const [input, second] = [nameAt(one), nameAt(other)];
      const inputs = [input];
      if (kind === 0) layers.push({ op: "conv2d", name, inputs, ...CONV, w: W });
      else if (kind <= 2) layers.push({ op: "conv2d", name, inputs, ...CONV, w: W, ...RELU });
      else if (kind === 3) layers.push({ op: "add", name, inputs: [input, second], ...RELU });
      else if (kind === 4) layers.push({ op: "reshape", name, inputs });
      else if (kind === 5) layers.push({ op: "activation", name, inputs, ...RELU });
      else layers.push({ op: "concat", name, inputs: [input, second], axis: 3 });
    }
    return graph("random", layers);
  });

const asked = graphs.chain((made) => {
  const names = made.layers.map(({ name }) => name);
  const name = fc.constantFrom(...names);
  return fc.record({
    made: fc.constant(made),
    kept: fc.subarray(names),
    from: fc.array(name, { minLength: 1, maxLength: 3 }),
    to: name,
    rule: fc.oneof(
      fc.constantFrom(...RULES),
      fc.constantFrom(...RULES).map((rule) => ({
        default: rule,
        layers: Object.fromEntries(
          made.layers.filter(fusedActivationOf).map(({ name }, i) => [name, RULES[i % 4] ?? rule]),
        ),
      })),
    ),
    gradients: fc.constantFrom("kept" as const, "all" as const),
  });
});

/** Whether a path leads from one layer up to another, by trying every one. */
function leadsTo({ layers }: Graph, from: string, to: string): boolean {
  if (from === to) return true;
  return layers.some(({ name, inputs }) => inputs.includes(from) && leadsTo({ layers } as Graph, name, to));
}

function plansOf(
  check: (
    made: Graph,
    plan: BackwardPlan,
    request: BackwardRequest,
    layout: ReturnType<typeof gradientLayout>,
  ) => void,
): void {
  fc.assert(
    fc.property(asked, ({ made, kept, ...request }) => {
      fc.pre(request.from.every((start) => leadsTo(made, request.to, start)));
      const layout = gradientLayout(made, new Set(kept));
      check(made, planBackward(made, layout, request), request, layout);
    }),
    { numRuns: 400, seed: 7 },
  );
}

describe("a plan on any graph", () => {
  test("reads only what it wrote, writes a buffer first and then adds, and adds nothing to what it has read", () => {
    plansOf((_, { steps }, { to }, layout) => {
      const written = new Set<string>();
      const read = new Set<string>();
      for (const step of steps) {
        if ("reads" in step) {
          expect(written).toContain(step.reads);
          read.add(step.reads);
        }
        if (step.kind === "zero-gradient mask") continue;
        if (step.kind === "activation gradient") {
          written.add(step.into);
          continue;
        }
        expect(step.add).toBe(written.has(step.into));
        expect(read).not.toContain(step.into);
        written.add(step.into);
      }
      expect(written).toContain(layout.buffers.get(to));
    });
  });

  test("takes each path between its ends once, and no other", () => {
    plansOf((made, { steps }, { from, to }, layout) => {
      const between = (name: string): boolean =>
        leadsTo(made, to, name) && from.some((start) => leadsTo(made, name, start));
      const edges = made.layers
        .filter(({ name }) => between(name) && name !== to)
        .flatMap(({ name, inputs }) => inputs.flatMap((input, i) => (between(input) ? [`${name} ${i}`] : [])))
        .filter((edge) => {
          const [name = "", index = ""] = edge.split(" ");
          const input = made.layers.find((layer) => layer.name === name)?.inputs[Number(index)] ?? "";
          return layout.buffers.get(name) !== layout.buffers.get(input);
        });
      const taken = steps.flatMap((step) =>
        step.kind === "layer gradient" ? [`${step.layer} ${step.index}`] : [],
      );
      expect(taken.toSorted()).toEqual(edges.toSorted());
      const starts = steps.flatMap((step) => (step.kind === "output gradient" ? [step.index] : []));
      expect(starts.toSorted()).toEqual(from.map((_, index) => index));
      for (const step of steps) expect(between(step.layer)).toBe(true);
    });
  });

  test("passes each fused activation once: as the reader writes, or by itself where the gradient must be whole", () => {
    plansOf((made, { steps }, { from, to, gradients, rule }, layout) => {
      for (const layer of made.layers.filter(fusedActivationOf)) {
        const { name } = layer;
        const own = typeof rule === "string" ? rule : (rule.layers[name] ?? rule.default);
        const alone = steps.filter((step) => step.kind === "activation gradient" && step.layer === name);
        const fused = steps.filter(
          (step) => step.kind === "layer gradient" && step.input === name && step.fused !== undefined,
        );
        const masks = steps.filter((step) => step.kind === "zero-gradient mask" && step.layer === name);
        const passed =
          leadsTo(made, to, name) && from.some((start) => leadsTo(made, name, start)) && name !== to;
        expect(alone.length + fused.length).toBe(passed ? 1 : 0);
        if (fused.length > 0) {
          expect(layout.fusedSlots.has(name) && !from.includes(name) && gradients === "kept").toBe(true);
        }
        for (const step of [...alone, ...fused]) {
          expect(step).toMatchObject(step.kind === "layer gradient" ? { fused: own } : { rule: own });
        }
        expect(masks.length).toBe(passed && own === "redirected" ? 1 : 0);
        if (own === "redirected") expect(fused).toEqual([]);
      }
    });
  });
});

test("a layout gives gradients a buffer of their own, but for views of what nobody else reads", () => {
  fc.assert(
    fc.property(asked, ({ made: { layers, ...made }, kept }) => {
      const { buffers, fusedSlots, ruleSlots } = gradientLayout({ ...made, layers }, new Set(kept));
      for (const { op, name, inputs } of layers) {
        const readers = layers.flatMap((layer) => layer.inputs).filter((input) => input === inputs[0]);
        const own = op === "reshape" && readers.length === 1 ? buffers.get(inputs[0] ?? "") : name;
        expect(buffers.get(name)).toBe(own);
      }
      for (const name of kept) expect(fusedSlots.has(name)).toBe(false);
      const slots = [...ruleSlots.values(), ...fusedSlots.values()];
      expect(new Set(slots).size).toBe(slots.length);
    }),
    { numRuns: 200, seed: 8 },
  );
});

describe("a plan as text", () => {
  const textOf = (made: Graph, kept: readonly string[], request: Partial<BackwardRequest>): string =>
    formatBackwardPlan(
      planBackward(made, gradientLayout(made, new Set(kept)), {
        ...{ from: ["logits"], to: "image", rule: "gradient", gradients: "kept" },
        ...request,
      }),
    );

  test("says what runs, what it reads and where it goes", () => {
    expect(textOf(chain(), ["conv2"], { rule: "guided" })).toBe(
      [
        "backward from logits to image",
        "  output gradient of logits: -> logits",
        "  layer gradient of logits: logits -> conv2",
        '  activation gradient of conv2 by "guided": conv2 -> scratch',
        "  layer gradient of conv2: scratch -> pool1",
        "  layer gradient of pool1: pool1 -> relu1",
        '  layer gradient of relu1 by "guided": relu1 -> conv1',
        "  layer gradient of conv1: conv1 -> image",
      ].join("\n"),
    );
  });

  test("says what is added, and where the next activation is passed at once", () => {
    const residual = graph("residual", [
      { op: "input", name: "image", inputs: [], shape: [4, 4, 4] },
      { op: "conv2d", name: "a", inputs: ["image"], ...CONV, w: W },
      { op: "conv2d", name: "b", inputs: ["a"], ...CONV, w: W, ...RELU },
      { op: "conv2d", name: "c", inputs: ["b"], ...CONV, w: W },
      { op: "add", name: "logits", inputs: ["c", "a"] },
    ]);
    expect(textOf(residual, [], { to: "a" })).toBe(
      [
        "backward from logits to a",
        "  output gradient of logits: -> logits",
        "  layer gradient of logits: logits -> c",
        "  layer gradient of logits: logits -> a",
        '  layer gradient of c: c -> b, through the activation of b by "gradient"',
        "  layer gradient of b: b +> a",
      ].join("\n"),
    );
    expect(textOf(residual, [], { to: "a", rule: "redirected" })).toContain(
      '  zero-gradient mask of b: b -> mask\n  activation gradient of b by "redirected": b -> scratch',
    );
  });
});

test("a plan is refused where no path leads, for a layer that there is not, and for a rule without a definition", () => {
  const made = branches();
  const plan = (request: Partial<BackwardRequest>): BackwardPlan =>
    planBackward(made, gradientLayout(made, new Set()), {
      ...{ from: ["logits"], to: "image", rule: "gradient", gradients: "kept" },
      ...request,
    });
  expect(() => plan({ from: ["conv1"], to: "add" })).toThrow(
    /"to" to name a layer that leads to "conv1", got "add"/,
  );
  expect(() => plan({ to: "nowhere" })).toThrow(/got "nowhere"/);
  expect(() => plan({ rule: "guided" })).toThrow(UnsupportedError);
  expect(() => plan({ from: ["norm1"], rule: "guided" })).not.toThrow();
});
