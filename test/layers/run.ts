import { type Command, recordCommands } from "../../src/gpu/command.ts";
import { createTensor, readTensor, type Shape, sizeOf, type Tensor } from "../../src/gpu/tensor.ts";
import { type BackwardRule, PASS, RULE_CODES } from "../../src/layers/activation-gradient.ts";
import { type FusedActivation, gradientCode } from "../../src/layers/activation-kinds.ts";
import type { ForwardSite, LayerBase, Op, Tensors } from "../../src/layers/op.ts";
import { testDevice } from "../gpu.ts";

/** An array on the CPU. The same object given twice is the same tensor twice. */
export interface Values {
  readonly shape: Shape;
  readonly data: Float32Array;
}

export interface Run {
  /** Whether the op saves for backward what it declares. Default true. */
  readonly gradients?: boolean;
}

export interface BackwardRun {
  /** Gradient to the output; before the fused activation. */
  readonly dy: Float32Array;
  /** Which input. Default 0. */
  readonly input?: number;
  readonly rule?: BackwardRule | "pass";
  /** The activation that the input is the output of, for the op to take dx through by the rule. */
  readonly fused?: FusedActivation;
  /** What dx holds before, to add to; without it dx holds NaN and must be written over. */
  readonly onto?: Float32Array;
}

/** Submits commands as one pass. */
export async function submit(...commands: Command[]): Promise<void> {
  submitTo(await testDevice(), ...commands);
}

/** Submits commands as one pass to a device. */
export function submitTo(device: GPUDevice, ...commands: Command[]): void {
  const encoder = device.createCommandEncoder();
  recordCommands(encoder, commands);
  device.queue.submit([encoder.finish()]);
}

/** Output of an op, which stands where NaN stood before. */
export async function runForward<L extends LayerBase>(
  op: Op<L, LayerBase>,
  layer: L,
  x: readonly Values[],
  run: Run = {},
): Promise<Values> {
  return withSite(op, layer, x, run, async (device, site) => ({
    shape: site.y.shape,
    data: await readTensor(device, site.y),
  }));
}

/** Gradient to one of an op's inputs, after its forward. */
export async function runBackward<L extends LayerBase>(
  op: Op<L, LayerBase>,
  layer: L,
  x: readonly Values[],
  { dy, input = 0, rule = "gradient", fused, onto }: BackwardRun,
): Promise<Float32Array> {
  return withSite(op, layer, x, {}, async (device, site, own) => {
    const shape = x[input]?.shape ?? [];
    const dx = own(createTensor(device, shape, { data: onto ?? nothing(shape), label: "dx" }));
    // The slot beside the one that counts holds another rule.
    const code = rule === "pass" ? PASS : RULE_CODES[rule];
    const rules = own(uniform(device, [(code + 1) % (PASS + 1), code])).buffer;
    const a = site.x[input] ?? site.x[0];
    const command = await op.backward(device, {
      ...site,
      dy: own(createTensor(device, site.y.shape, { data: dy, label: "dy" })),
      input,
      dx,
      accumulate: onto !== undefined,
      rule: rules,
      slot: 1,
      ...(fused ? { fused: { ...gradientCode(fused), a, rules, slot: 1 } } : {}),
    });
    await submit(command);
    const values = await readTensor(device, dx);
    command.destroy();
    return values;
  });
}

/** A uniform buffer of u32. */
export function uniform(device: GPUDevice, numbers: readonly number[]): Tensor {
  const data = Uint32Array.from({ length: Math.max(4, numbers.length) }, (_, i) => numbers[i] ?? 0);
  return createTensor(device, [data.length], { dtype: "u32", data, usage: GPUBufferUsage.UNIFORM });
}

function nothing(shape: Shape): Float32Array {
  return new Float32Array(sizeOf(shape)).fill(Number.NaN);
}

async function withSite<L extends LayerBase, T>(
  op: Op<L, LayerBase>,
  layer: L,
  x: readonly Values[],
  { gradients = true }: Run,
  use: (device: GPUDevice, site: ForwardSite<L>, own: (tensor: Tensor) => Tensor) => Promise<T>,
): Promise<T> {
  const device = await testDevice();
  const owned: Tensor[] = [];
  const own = (tensor: Tensor): Tensor => {
    owned.push(tensor);
    return tensor;
  };
  const shapes = x.map(({ shape }) => shape);
  const uploaded = new Map<Values, Tensor>();
  for (const values of x) {
    if (!uploaded.has(values)) {
      uploaded.set(values, own(createTensor(device, values.shape, { data: values.data, label: "x" })));
    }
  }
  const [first, ...others] = x.map((values) => uploaded.get(values) as Tensor);
  if (!first) throw new Error("expected at least one input");
  const allocate = <V extends { readonly shape: Shape }>(wanted: Record<string, V> = {}): Tensors =>
    Object.fromEntries(
      Object.entries(wanted).map(([name, { shape, ...options }]) => [
        name,
        own(createTensor(device, shape, { ...options, label: name })),
      ]),
    );
  const shape = op.shape(layer, shapes);
  const site: ForwardSite<L> = {
    layer,
    x: [first, ...others],
    y: own(createTensor(device, shape, { data: nothing(shape), label: "y" })),
    constants: allocate(op.constants?.(layer, shapes, gradients)),
    saved: allocate(gradients ? op.saved?.(layer, shapes) : {}),
  };
  try {
    const command = await op.forward(device, site);
    await submit(command);
    const result = await use(device, site, own);
    command.destroy();
    return result;
  } finally {
    for (const { buffer } of owned) buffer.destroy();
  }
}
