import type { Own } from "../gpu/scope.ts";
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import { EVERY_INDEX, packTerms } from "../kernels/objective.ts";
import { PASS } from "../layers/activation-gradient.ts";

/** Bytes of a packed term before its indices. */
const BEFORE_INDICES = 4;

/**
 * The few numbers that change from one backward pass to the next: the elements whose sum it differentiates, and the rules
 * at the ReLUs.
 * They reach the kernels by copies from tables on the GPU, so that recording writes no queue and one encoder may hold
 * several passes.
 */
export class Control {
  /** The only term of a target's objective: the sum of the elements at (image, y, x, channel). */
  readonly target: Tensor;
  /** Placeholder for the bindings that a target's term does not read. */
  readonly unread: Tensor;
  /** Codes of rules, one a slot; see activation_gradient.wgsl. */
  readonly rules: GPUBuffer;
  readonly #slots: number;
  /** {@link EVERY_INDEX}, 0, 1, 2, … */
  readonly #numbers: GPUBuffer;
  /** Each code `slots` times, so that a run of slots is one copy. */
  readonly #codes: GPUBuffer;

  /**
   * @param largest the largest index that a target can hold.
   * @param slots how many rules there are.
   * @param own takes every buffer.
   */
  constructor(device: GPUDevice, largest: number, slots: number, own: Own) {
    this.#slots = Math.max(1, slots);
    const words = (label: string, data: Uint32Array): Tensor => {
      const tensor = createTensor(device, [data.length], { dtype: "u32", data, label });
      own(tensor.buffer);
      return tensor;
    };
    const every = { image: EVERY_INDEX, y: EVERY_INDEX, x: EVERY_INDEX, channel: EVERY_INDEX };
    this.target = words("vitrine target", packTerms([{ kind: "sum", ...every, mask: 0, weight: 1 }]));
    this.unread = words("vitrine unread", new Uint32Array(1));
    this.rules = words("vitrine rules", new Uint32Array(this.#slots)).buffer;
    const numbers = Uint32Array.from({ length: largest + 2 }, (_, index) => index - 1);
    numbers[0] = EVERY_INDEX;
    this.#numbers = words("vitrine numbers", numbers).buffer;
    const codes = Uint32Array.from({ length: (PASS + 1) * this.#slots }, (_, index) =>
      Math.floor(index / this.#slots),
    );
    this.#codes = words("vitrine codes", codes).buffer;
  }

  /** @param codes one a slot; where there is none, any may stand. */
  setRules(encoder: GPUCommandEncoder, codes: readonly (number | undefined)[]): void {
    for (let first = 0; first < codes.length; ) {
      const code = codes[first] ?? 0;
      let end = first + 1;
      while (end < codes.length && (codes[end] ?? code) === code) end++;
      encoder.copyBufferToBuffer(
        this.#codes,
        4 * code * this.#slots,
        this.rules,
        4 * first,
        4 * (end - first),
      );
      first = end;
    }
  }

  /** @param indices (image, y, x, channel), each a number of at most `largest`, or {@link EVERY_INDEX}. */
  setTarget(encoder: GPUCommandEncoder, indices: readonly number[]): void {
    for (const [place, value] of indices.entries()) {
      const index = value === EVERY_INDEX ? 0 : value + 1;
      encoder.copyBufferToBuffer(this.#numbers, 4 * index, this.target.buffer, BEFORE_INDICES + 4 * place, 4);
    }
  }
}
