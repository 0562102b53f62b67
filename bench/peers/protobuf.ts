/** A protocol-buffer message under construction: pieces of bytes, and how many there are. */
export class Message {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A field of type int32, int64 or enum; not negative. */
  int(field: number, value: number): this {
    return this.#push(varint(field * 8)).#push(varint(value));
  }

  /** A field of type float. */
  float(field: number, value: number): this {
    return this.#push(varint(field * 8 + 5)).#push(new Uint8Array(Float32Array.of(value).buffer));
  }

  /** A field of type string. */
  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A field of type bytes. */
  bytes(field: number, value: Uint8Array): this {
    return this.#push(varint(field * 8 + 2))
      .#push(varint(value.length))
      .#push(value);
  }

  /** A field that is itself a message, complete by now. */
  message(field: number, value: Message): this {
    this.#push(varint(field * 8 + 2)).#push(varint(value.length));
    for (const piece of value.#pieces) this.#push(piece);
    return this;
  }

  /** The whole in one array. */
  encode(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  #push(piece: Uint8Array): this {
    this.#pieces.push(piece);
    this.#length += piece.length;
    return this;
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
