import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { ModelError } from "../../gpu/errors.ts";

/** Values that a file holds at most: messages, texts and numbers outside of tensors, one by one. The largest convnets have some 10⁵. */
const MOST_VALUES = 2 ** 20;

/** A file while it is read. */
class Reading {
  /** Subject of messages: `model "a.onnx"`. */
  readonly who: string;
  #values = 0;

  constructor(who: string) {
    this.who = who;
  }

  /** @throws ModelError when the file has more values than any network. */
  count(): void {
    if (++this.#values > MOST_VALUES) {
      throw new ModelError(
        `${this.who}: expected at most ${MOST_VALUES} names, settings and tensors, got more`,
      );
    }
  }
}

/** A way of writing one value. */
interface Kind<T> {
  readonly wire: WireType;
  read(reader: BinaryReader, reading: Reading): T;
}

/** Integers of up to 64 bits; those beyond 2⁵³ as the nearest numbers. */
export const INT: Kind<number> = { wire: WireType.Varint, read: (reader) => Number(reader.int64()) };
export const FLOAT: Kind<number> = { wire: WireType.Bit32, read: (reader) => reader.float() };
export const TEXT: Kind<string> = { wire: WireType.LengthDelimited, read: (reader) => reader.string() };
/** Bytes, as a view of the file. */
export const BYTES: Kind<Uint8Array> = { wire: WireType.LengthDelimited, read: (reader) => reader.bytes() };

/** One field of a message. */
interface Field<T> {
  readonly number: number;
  /** The value before any was read. */
  empty(): T;
  /** The value with what stands next in the file. */
  read(before: T, wire: WireType, reader: BinaryReader, reading: Reading): T;
}

/** A field that stands once or not at all. */
export function one<T>(number: number, kind: Kind<T>): Field<T | undefined> {
  return {
    number,
    empty: () => undefined,
    read(before, wire, reader, reading) {
      if (before !== undefined) throw new Error("it stands twice");
      assertWire(wire, kind.wire);
      reading.count();
      return kind.read(reader, reading);
    },
  };
}

/** A field that stands any number of times. Numbers may be packed into runs of bytes. */
export function many<T>(number: number, kind: Kind<T>): Field<T[]> {
  return {
    number,
    empty: () => [],
    read(before, wire, reader, reading) {
      const packed = wire === WireType.LengthDelimited && wire !== kind.wire;
      if (!packed) assertWire(wire, kind.wire);
      const within = packed ? new BinaryReader(reader.bytes()) : reader;
      do {
        if (packed && within.pos === within.len) break;
        reading.count();
        before.push(kind.read(within, reading));
      } while (packed);
      return before;
    },
  };
}

export type NumberWire = WireType.Varint | WireType.Bit32 | WireType.Bit64;

/** A field of many numbers, as the runs of bytes that hold them, one after the other, encoded: views of the file. */
export function numbers(number: number, wire: NumberWire): Field<Uint8Array[]> {
  return {
    number,
    empty: () => [],
    read(before, got, reader, reading) {
      reading.count();
      if (got !== WireType.LengthDelimited) assertWire(got, wire);
      before.push(got === wire ? reader.skip(wire) : reader.bytes());
      return before;
    },
  };
}

const WIRES = ["an integer", "8 bytes", "a run of bytes", "a group", "a group's end", "4 bytes"];

function assertWire(got: WireType, expected: WireType): void {
  if (got !== expected) throw new Error(`it should be ${WIRES[expected]} and is ${WIRES[got]}`);
}

type Fields = Readonly<Record<string, Field<unknown>>>;

/** What a message's fields hold. */
type Values<F extends Fields> = { readonly [name in keyof F]: F[name] extends Field<infer T> ? T : never };

/** A kind of message, and so of value. */
export interface MessageKind<T> extends Kind<T> {
  decode(bytes: Uint8Array, reading: Reading): T;
}

/** A kind of message by its fields, among which unknown ones are passed over. `what` names it in errors. */
export function message<F extends Fields>(what: string, fields: F): MessageKind<Values<F>> {
  const names = new Map(Object.entries(fields).map(([name, { number }]) => [number, name]));

  function decode(bytes: Uint8Array, reading: Reading): Values<F> {
    const reader = new BinaryReader(bytes);
    const values = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.empty()]));
    let part = what;
    try {
      while (reader.pos < reader.len) {
        part = what;
        const [number, wire] = reader.tag();
        const name = names.get(number);
        const field = name === undefined ? undefined : fields[name];
        part = `the ${name ?? `field ${number}`} of ${what}`;
        if (name !== undefined && field) values[name] = field.read(values[name], wire, reader, reading);
        else reader.skip(wire, number);
      }
    } catch (error) {
      if (error instanceof ModelError) throw error;
      throw new ModelError(
        `${reading.who}: expected an ONNX file, but ${part} cannot be read (${(error as Error).message}); the file is truncated, damaged or of another format`,
      );
    }
    return values as Values<F>;
  }

  return {
    wire: WireType.LengthDelimited,
    decode,
    read: (reader, reading) => decode(reader.bytes(), reading),
  };
}

/**
 * The message that a whole file is.
 * @throws ModelError naming the field that cannot be read: the file is truncated, damaged or of another format.
 */
export function readMessage<T>(bytes: Uint8Array, kind: MessageKind<T>, who: string): T {
  return kind.decode(bytes, new Reading(who));
}
