import type { Own } from "../gpu/scope.ts";
import { createTensor } from "../gpu/tensor.ts";
import { PASS } from "../layers/activation.ts";

/** In a target: every index. */
export const EVERY = 0xffffffff;

/**
 * The few numbers that change from one backward pass to the next: which elements seed it, and the rules at the ReLUs.
 * They reach the kernels by copies from tables on the GPU, so that recording writes no queue and one encoder may hold
 * several passes.
 */
export class Control {
  /** Uniform (n, y, x, c); see seed.wgsl. */
  readonly target: GPUBuffer;
  /** Codes of rules, one a slot; see activation_gradient.wgsl. */
  readonly rules: GPUBuffer;
  readonly #slots: number;
  /** EVERY, 0, 1, 2, … */
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
    const copied = (label: string, size: number, usage: GPUBufferUsageFlags): GPUBuffer =>
      own(device.createBuffer({ label, size, usage: usage | GPUBufferUsage.COPY_DST }));
    this.target = copied("vitrine target", 16, GPUBufferUsage.UNIFORM);
    this.rules = copied("vitrine rules", 4 * this.#slots, GPUBufferUsage.STORAGE);
    const table = (label: string, length: number, at: (index: number) => number): GPUBuffer => {
      const data = Uint32Array.from({ length }, (_, index) => at(index));
      return own(createTensor(device, [length], { dtype: "u32", data, label }).buffer);
    };
    this.#numbers = table("vitrine numbers", largest + 2, (index) => (index === 0 ? EVERY : index - 1));
    this.#codes = table("vitrine codes", (PASS + 1) * this.#slots, (index) =>
      Math.floor(index / this.#slots),
    );
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

  /** @param indices (n, y, x, c), each a number of at most `largest`, or EVERY. */
  setTarget(encoder: GPUCommandEncoder, indices: readonly number[]): void {
    for (const [place, value] of indices.entries()) {
      const index = value === EVERY ? 0 : value + 1;
      encoder.copyBufferToBuffer(this.#numbers, 4 * index, this.target, 4 * place, 4);
    }
  }
}
