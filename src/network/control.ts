import { createTensor } from "../gpu/tensor.ts";
import { RULE_CODES } from "../ops/activation.ts";

/** In a target: every index. */
export const EVERY = 0xffffffff;

/**
 * The few numbers that change from one backward pass to the next: which elements seed it, and the rule at the ReLUs.
 * They reach the kernels by copies from a table of whole numbers on the GPU, so that recording writes no queue and one
 * encoder may hold several passes.
 */
export class Control {
  /** Uniform (n, y, x, c); see seed.wgsl. */
  readonly target: GPUBuffer;
  /** Uniform rule code; see activation_gradient.wgsl. */
  readonly rule: GPUBuffer;
  readonly #numbers: GPUBuffer;

  /** @param largest the largest index that a target can hold. */
  constructor(device: GPUDevice, largest: number) {
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    this.target = device.createBuffer({ label: "vitrine target", size: 16, usage });
    this.rule = device.createBuffer({ label: "vitrine rule", size: 16, usage });
    const count = Math.max(largest, ...Object.values(RULE_CODES)) + 2;
    const data = Uint32Array.from({ length: count }, (_, index) => (index === 0 ? EVERY : index - 1));
    this.#numbers = createTensor(device, [count], { dtype: "u32", data, label: "vitrine numbers" }).buffer;
  }

  setRule(encoder: GPUCommandEncoder, code: number): void {
    this.#copy(encoder, this.rule, [code]);
  }

  /** @param indices (n, y, x, c), each a number of at most `largest`, or EVERY. */
  setTarget(encoder: GPUCommandEncoder, indices: readonly number[]): void {
    this.#copy(encoder, this.target, indices);
  }

  destroy(): void {
    for (const buffer of [this.target, this.rule, this.#numbers]) buffer.destroy();
  }

  #copy(encoder: GPUCommandEncoder, to: GPUBuffer, values: readonly number[]): void {
    for (const [place, value] of values.entries()) {
      const index = value === EVERY ? 0 : value + 1;
      encoder.copyBufferToBuffer(this.#numbers, 4 * index, to, 4 * place, 4);
    }
  }
}
