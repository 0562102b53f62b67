import { InputError } from "../gpu/errors.ts";
import { type Scope, withScope } from "../gpu/scope.ts";
import { readTensors, sizeOf, type Tensor, type TensorData } from "../gpu/tensor.ts";
import { logitsOf } from "../network/graph.ts";
import { assertMemory, DEFAULT_MEMORY, inMebibytes, memoryOf } from "../network/memory.ts";
import type { Network } from "../network/network.ts";
import { createObjective, type ObjectiveCommand } from "../objectives/commands.ts";
import type { Objective } from "../objectives/objective.ts";

/** What a technique of many samples takes beside its own options. */
export interface MemoryOptions {
  /**
   * The most bytes of GPU buffers that the network and the technique on it may hold together, whatever the number of
   * samples. Default 512 MiB; beside a network that takes more than half of that itself, 256 MiB. `batchWithin` finds the
   * batch for a budget.
   */
  readonly memory?: number;
}

/** A scope that keeps to a budget. */
export interface BudgetScope extends Scope {
  /** What is left, in bytes. */
  left(): number;
  /** Counts what is allocated elsewhere. @throws InputError when it would exceed the budget. */
  reserve(bytes: number, what: string): void;
  /** An objective that dies with the scope. */
  objective(objective: Objective): Promise<ObjectiveCommand>;
  /** Reads tensors back, which takes as much again for a moment. */
  read<const T extends readonly Tensor[]>(
    tensors: T,
  ): Promise<{ -readonly [I in keyof T]: TensorData<T[I]> }>;
}

/** Kernels' parameters, positions: small things that nobody counts one by one. */
const SMALL = 2 ** 16;

/** Bytes of an objective's term and of what it takes for each image. */
const TERM = 64;

/** Room that is left beside a network that is large itself. */
const BESIDE = DEFAULT_MEMORY / 2;

/**
 * Runs a technique's work, which may hold `memory` bytes on the GPU together with its network, and frees what it allocated.
 * @throws InputError, before it is allocated, for what would exceed them.
 */
export function withBudget<T>(
  network: Network,
  who: string,
  { memory }: MemoryOptions,
  work: (scope: BudgetScope) => Promise<T>,
): Promise<T> {
  return withScope(network.device, async (scope) => {
    const held = memoryOf(network);
    if (memory !== undefined) assertMemory(memory, who);
    const most = memory ?? Math.max(DEFAULT_MEMORY, held + BESIDE);
    let used = held;
    const check = (bytes: number, what: string): void => {
      if (used + bytes <= most) return;
      const more = used + bytes - held;
      throw new InputError(
        `${who}: expected to keep within ${inMebibytes(most)} of GPU memory, needs ${inMebibytes(used + bytes)} or more: network "${network.graph.name}" takes ${inMebibytes(held)} at batch ${network.batch}, and ${what} makes it ${inMebibytes(more)} beside it; raise memory, or create the network with a smaller batch, { gradients: false } or { keep: [] }`,
      );
    };
    const reserve = (bytes: number, what: string): void => {
      check(bytes, what);
      used += bytes;
    };
    const scores = network.shapes.get(logitsOf(network.graph))?.at(-1) ?? 1;
    reserve(SMALL + 4 * network.batch * scores, "its kernels' parameters");
    return work({
      ...scope,
      left: () => most - used,
      reserve,
      tensor(shape, options) {
        reserve(4 * sizeOf(shape), options?.label ?? "a tensor");
        return scope.tensor(shape, options);
      },
      async objective(objective) {
        const masks = objective.terms.map((term) => (term.of === "region" ? 4 * term.mask.length : 0));
        const bytes = masks.reduce((sum, mask) => sum + mask + TERM + 12 * network.batch, 0);
        reserve(bytes, "the objective");
        return scope.own(await createObjective(network, objective));
      },
      async read(tensors) {
        const bytes = tensors.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
        check(bytes, "the readback");
        return readTensors(network.device, tensors);
      },
    });
  });
}
