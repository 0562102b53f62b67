/** The exact upper quantile of values that come in a stream, of which only the largest are kept. */
export class TopQuantile {
  readonly #kept: Float32Array;
  readonly #most: number;
  readonly #position: number;
  #count = 0;
  /** What is below it is not among the largest. */
  #least = Number.NEGATIVE_INFINITY;

  /** @param values how many will come. @param share the share of them that lies above. */
  constructor(values: number, share: number) {
    this.#position = (values - 1) * share;
    this.#most = TopQuantile.kept(values, share);
    this.#kept = new Float32Array(2 * this.#most);
  }

  /** How many of so many values are kept. */
  static kept(values: number, share: number): number {
    return Math.min(values, Math.ceil((values - 1) * share) + 1);
  }

  add(value: number): void {
    if (value <= this.#least) return;
    if (this.#count === this.#kept.length) this.#prune();
    this.#kept[this.#count++] = value;
  }

  /** The quantile as NumPy has it, linear between two values, of as many values as were announced. */
  get value(): number {
    this.#prune();
    const at = (n: number): number => this.#kept[Math.min(n, this.#count - 1)] ?? Number.NaN;
    const below = Math.floor(this.#position);
    const upper = at(below);
    return upper + (this.#position - below) * (at(Math.ceil(this.#position)) - upper);
  }

  #prune(): void {
    const sorted = this.#kept.subarray(0, this.#count).sort().reverse();
    this.#count = Math.min(sorted.length, this.#most);
    if (this.#count === this.#most) this.#least = this.#kept[this.#count - 1] ?? this.#least;
  }
}
