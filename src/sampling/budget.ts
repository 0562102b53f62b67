import { InputError } from "../gpu/errors.ts";
import type { Fields } from "../gpu/options.ts";
import { type Scope, withScope } from "../gpu/scope.ts";
import { readTensors, sizeOf, type Tensor, type TensorData } from "../gpu/tensor.ts";
import { headsOf } from "../graph/heads.ts";
import { assertMemory, DEFAULT_MEMORY, inMebibytes, memoryOf } from "../network/memory.ts";
import type { Network } from "../network/network.ts";
import { createObjective, type ObjectiveCommand } from "../objectives/commands.ts";
import type { Objective } from "../objectives/objective.ts";

/** Options of a technique of many samples beside its own. */
export interface MemoryOptions {
  /**
   * The most bytes of GPU buffers that the network and the technique on it may hold together, whatever the number of
   * samples. Default 512 MiB; beside a network that takes more than half of that itself, 256 MiB. `batchWithin` finds the
   * batch for a budget.
   */
  readonly memory?: number | undefined;
}

export const MEMORY: Fields<MemoryOptions> = { memory: "may" };

/** Memory that a technique may still allocate. */
export interface Budget {
  /** Bytes that are left. */
  left(): number;
  /** Counts what is allocated. @throws InputError, with the numbers and what helps, when it would exceed the budget. */
  reserve(bytes: number, what: string): void;
  /** Checks what is there for a moment only. @throws InputError as `reserve`. */
  check(bytes: number, what: string): void;
}

/** Kernels' parameters, positions: small things that nobody counts one by one. */
const SMALL = 2 ** 16;

/** Bytes of an objective's term, and of what it takes for each image. */
const TERM = { once: 64, each: 12 } as const;

/** Room that is left beside a network that is large itself. */
const BESIDE = DEFAULT_MEMORY / 2;

/** A technique's budget, of which its network has taken its part. @throws InputError when that is too much. */
export function budgetOf(network: Network, who: string, { memory }: MemoryOptions): Budget {
  if (memory !== undefined) assertMemory(memory, who);
  const { graph, batch } = network;
  const held = memoryOf(network);
  const most = memory ?? Math.max(DEFAULT_MEMORY, held + BESIDE);
  let used = held;
  const check = (bytes: number, what: string): void => {
    if (used + bytes <= most) return;
    throw new InputError(
      `${who}: expected to keep within ${inMebibytes(most)} of GPU memory, needs ${inMebibytes(used + bytes)} or more: network "${graph.name}" takes ${inMebibytes(held)} at batch ${batch}, and ${what} makes it ${inMebibytes(used + bytes - held)} beside it; raise memory, or create the network with a smaller batch, { gradients: false } or { keep: [] }`,
    );
  };
  const reserve = (bytes: number, what: string): void => {
    check(bytes, what);
    used += bytes;
  };
  // The scores of a batch are read back where nobody says which class.
  const scores = headsOf(graph).map(({ logits }) => 4 * sizeOf(network.shapes.get(logits) ?? [1]));
  reserve(SMALL + Math.max(...scores), "what its kernels need");
  return { left: () => most - used, reserve, check };
}

/** Bytes that an objective takes for a batch of images. */
export function bytesOfObjective({ terms }: Objective, batch: number): number {
  const masks = terms.map((term) => (term.of === "region" ? 4 * term.mask.length : 0));
  return masks.reduce((sum, mask) => sum + mask + TERM.once + TERM.each * batch, 0);
}

/** A scope that keeps to a budget. */
export interface BudgetScope extends Scope, Budget {
  /** An objective that dies with the scope. */
  objective(objective: Objective): Promise<ObjectiveCommand>;
  /** Reads tensors back, which takes as much again for a moment. */
  read<const T extends readonly Tensor[]>(
    tensors: T,
  ): Promise<{ -readonly [I in keyof T]: TensorData<T[I]> }>;
}

/**
 * A scope that keeps to `memory` bytes on the GPU together with the network.
 * @throws InputError, before it is allocated, for what would exceed them.
 */
export function budgeted(network: Network, who: string, options: MemoryOptions, scope: Scope): BudgetScope {
  const budget = budgetOf(network, who, options);
  return {
    ...scope,
    ...budget,
    tensor(shape, tensorOptions) {
      budget.reserve(4 * sizeOf(shape), tensorOptions?.label ?? "a tensor");
      return scope.tensor(shape, tensorOptions);
    },
    objective(objective) {
      budget.reserve(bytesOfObjective(objective, network.batch), "the objective");
      return scope.command(createObjective(network, objective));
    },
    async read(tensors) {
      const bytes = tensors.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
      budget.check(bytes, "the readback");
      return readTensors(network.device, tensors);
    },
  };
}

/** A scope without a budget, for a technique whose memory does not depend on its options. */
export function unlimited(network: Network, scope: Scope): BudgetScope {
  return {
    ...scope,
    left: () => Number.POSITIVE_INFINITY,
    reserve: () => {},
    check: () => {},
    objective: (objective) => scope.command(createObjective(network, objective)),
    read: (tensors) => readTensors(network.device, tensors),
  };
}

/** Runs a technique's work in a scope of its own that keeps to a budget. */
export function withBudget<T>(
  network: Network,
  who: string,
  options: MemoryOptions,
  work: (scope: BudgetScope) => Promise<T>,
): Promise<T> {
  return withScope(network.device, who, async (scope) => work(budgeted(network, who, options, scope)));
}
