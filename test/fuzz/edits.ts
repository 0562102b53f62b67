import { crc32 } from "node:zlib";
import fc from "fast-check";

/** A change to bytes, or to a JSON value and what it is written as. Plain data, so that it can be shrunk and printed. */
export type BytesEdit =
  | { readonly edit: "flip"; readonly at: number; readonly bits: number }
  | { readonly edit: "cut"; readonly at: number }
  | { readonly edit: "drop"; readonly at: number; readonly length: number }
  | { readonly edit: "copy"; readonly at: number; readonly length: number; readonly to: number }
  | { readonly edit: "write"; readonly at: number; readonly value: number; readonly little: boolean };

export type JsonEdit =
  | { readonly edit: "set"; readonly at: number; readonly value: unknown }
  | { readonly edit: "nest"; readonly at: number; readonly levels: number }
  | { readonly edit: "remove"; readonly at: number }
  | { readonly edit: "rename"; readonly at: number; readonly name: string }
  | { readonly edit: "transplant"; readonly at: number; readonly to: number }
  | { readonly edit: "repeat"; readonly at: number; readonly times: number }
  | {
      readonly edit: "chain";
      readonly at: number;
      readonly className: string;
      readonly length: number;
      readonly times: number;
    }
  | { readonly edit: "unfold"; readonly at: number; readonly levels: number; readonly calls: number };

const place = fc.nat();

/** Sizes that a reader might believe. */
const SIZES = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, 0x80000000, 16384, 1 << 20];

export const bytesEdit: fc.Arbitrary<BytesEdit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      edit: fc.constant("flip" as const),
      at: place,
      bits: fc.integer({ min: 1, max: 255 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ edit: fc.constant("cut" as const), at: place }) },
  fc.record({ edit: fc.constant("drop" as const), at: place, length: fc.integer({ min: 1, max: 64 }) }),
  fc.record({
    edit: fc.constant("copy" as const),
    at: place,
    length: fc.integer({ min: 1, max: 256 }),
    to: place,
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      edit: fc.constant("write" as const),
      at: place,
      value: fc.constantFrom(...SIZES),
      little: fc.boolean(),
    }),
  },
);

/** Bytes with edits made to them, one after the other. */
export function editBytes(bytes: Uint8Array, edits: readonly BytesEdit[]): Uint8Array<ArrayBuffer> {
  let now = Uint8Array.from(bytes);
  for (const edit of edits) {
    if (now.length === 0) return now;
    const at = edit.at % now.length;
    switch (edit.edit) {
      case "flip":
        now[at] = (now[at] ?? 0) ^ edit.bits;
        break;
      case "cut":
        now = now.slice(0, at);
        break;
      case "drop":
        now = Uint8Array.from([...now.subarray(0, at), ...now.subarray(at + edit.length)]);
        break;
      case "copy": {
        const to = edit.to % now.length;
        const part = now.subarray(at, at + edit.length);
        now = Uint8Array.from([...now.subarray(0, to), ...part, ...now.subarray(to)]);
        break;
      }
      case "write":
        if (at + 4 <= now.length) new DataView(now.buffer).setUint32(at, edit.value, edit.little);
    }
  }
  return now;
}

/** A PNG file's bytes with checksums that fit what is in its chunks, so that decoders do not stop at them. */
export function withChecksums(png: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const fixed = png.slice();
  const view = new DataView(fixed.buffer);
  for (let at = 8; at + 12 <= fixed.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > fixed.length) break;
    view.setUint32(end, crc32(fixed.subarray(at + 4, end)));
    at = end + 4;
  }
  return fixed;
}

/** Written as a number that JSON has and no float holds. */
const HUGE = "\u00a71e999\u00a7";

/** Written as a list in a list, so many deep. */
const deep = (levels: number) => `\u00a7${levels}\u00a7`;

/** What a file may hold where something else is expected. */
const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    [],
    {},
    [[]],
    [null],
    "",
    "\u001b[2J\u202e\n",
    "x".repeat(3000),
    HUGE,
    deep(300),
    deep(100_000),
  ],
  ...[
    "constructor",
    "__proto__",
    "toString",
    "hasOwnProperty",
    "same",
    "valid",
    "linear",
    "softmax",
    "float16",
  ],
  ...["Model", "Sequential", "InputLayer", "Dense", "Flatten", "Add", "../up.bin", "http://[", "w.bin"],
  ...[
    0,
    -1,
    1,
    2,
    3,
    0.5,
    -0.5,
    255,
    65536,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    1e15,
    1e30,
    1e39,
    -1e39,
    5e-324,
    1e308,
  ],
  ...[{ toString: null, valueOf: null }, { length: 1e9 }, { config: { keras_history: [] } }, { value: 3 }],
  ...[
    [0, 0],
    [-1, 1],
    [1, 2, 3, 4],
    [1e9, 1e9, 3],
    [null, null, null, 3],
    { class_name: "ReLU", config: { max_value: 6 } },
  ],
];

const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...VALUES) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 2, arbitrary: fc.integer({ min: -20, max: 300 }) },
);

export const jsonEdit: fc.Arbitrary<JsonEdit> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ edit: fc.constant("set" as const), at: place, value }) },
  { weight: 3, arbitrary: fc.record({ edit: fc.constant("remove" as const), at: place }) },
  { weight: 4, arbitrary: fc.record({ edit: fc.constant("transplant" as const), at: place, to: place }) },
  fc.record({
    edit: fc.constant("rename" as const),
    at: place,
    name: fc.constantFrom("__proto__", "constructor", "config", "name", "layers", "toJSON", "length"),
  }),
  fc.record({
    edit: fc.constant("nest" as const),
    at: place,
    levels: fc.constantFrom(1, 2, 30, 300),
  }),
  fc.record({ edit: fc.constant("repeat" as const), at: place, times: fc.constantFrom(2, 3, 100, 2000) }),
  fc.record({
    edit: fc.constant("chain" as const),
    at: place,
    className: fc.constantFrom(
      "Dropout",
      "Add",
      "Concatenate",
      "AveragePooling2D",
      "UpSampling2D",
      "Rescaling",
    ),
    length: fc.constantFrom(1, 10, 30, 100, 1000),
    times: fc.constantFrom(1, 2, 3),
  }),
  fc.record({
    edit: fc.constant("unfold" as const),
    at: place,
    levels: fc.integer({ min: 1, max: 40 }),
    calls: fc.integer({ min: 1, max: 4 }),
  }),
);

type Container = Record<string | number, unknown>;

/** Every place in a JSON value: the container that it is in, and the key. */
function placesIn(root: Container): { readonly container: Container; readonly key: string }[] {
  const places: { container: Container; key: string }[] = [];
  const queue: Container[] = [root];
  for (let container = queue.pop(); container; container = queue.pop()) {
    for (const key of Object.keys(container)) {
      places.push({ container, key });
      const part = container[key];
      if (typeof part === "object" && part !== null) queue.push(part as Container);
    }
  }
  return places;
}

/** Sets a property as JSON does: `__proto__` is a name like any other. */
function put(container: Container, key: string | number, part: unknown): void {
  Object.defineProperty(container, key, {
    value: part,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

const rename = (part: unknown, by: number): unknown =>
  JSON.parse(JSON.stringify(part), (key, inner) =>
    key === "name" && typeof inner === "string" ? `${inner}_${by}` : inner,
  );

/** Models within models, each calling the one in it several times. */
function bomb(levels: number, calls: number): unknown {
  const name = `bomb${levels}`;
  const inner =
    levels === 0
      ? { class_name: "Dropout", name: "leaf", config: { name: "leaf" } }
      : (bomb(levels - 1, calls) as Container);
  const inbound = Array.from({ length: calls }, (_, i) => [
    [i === 0 ? "i" : inner.name, Math.max(0, i - 1), 0, {}],
  ]);
  const input = {
    class_name: "InputLayer",
    name: "i",
    config: { name: "i", batch_input_shape: [null, 4, 4, 1] },
    inbound_nodes: [],
  };
  const config = {
    name,
    layers: [input, { ...inner, inbound_nodes: inbound }],
    input_layers: [["i", 0, 0]],
    output_layers: [[inner.name, calls - 1, 0]],
  };
  return { class_name: "Functional", name, config };
}

/** A model of layers one after the other, each reading the one before it several times. */
function chain(length: number, class_name: string, times: number): unknown {
  const layers = Array.from({ length }, (_, i) => ({
    class_name,
    name: `chain${i}`,
    config: { name: `chain${i}`, pool_size: 1, scale: 2 },
    inbound_nodes: [Array.from({ length: times }, () => [i === 0 ? "i" : `chain${i - 1}`, 0, 0, {}])],
  }));
  const input = {
    class_name: "InputLayer",
    name: "i",
    config: { batch_input_shape: [null, 4, 4, 1], name: "i" },
  };
  const config = {
    name: "chain",
    layers: [input, ...layers],
    input_layers: [["i", 0, 0]],
    output_layers: [[`chain${length - 1}`, 0, 0]],
  };
  return { class_name: "Functional", name: "chain", config };
}

function editValue(root: Container, edit: JsonEdit): void {
  const places = placesIn(root);
  // Whole models stand in the place of the whole model every other time.
  const whole = (edit.edit === "chain" || edit.edit === "unfold") && edit.at % 2 === 0;
  const found = whole
    ? places.find(({ key }) => key === "modelTopology")
    : places[edit.at % Math.max(1, places.length)];
  if (!found) return;
  const { container, key } = found;
  const part = container[key];
  switch (edit.edit) {
    case "set":
      put(container, key, structuredClone(edit.value));
      break;
    case "remove":
      if (Array.isArray(container)) container.splice(Number(key), 1);
      else delete container[key];
      break;
    case "rename":
      if (!Array.isArray(container)) {
        delete container[key];
        put(container, edit.name, part);
      }
      break;
    case "transplant": {
      const to = places[edit.to % places.length];
      if (to) put(to.container, to.key, structuredClone(part));
      break;
    }
    case "nest": {
      let nested = part;
      for (let level = 0; level < edit.levels; level++) nested = [nested];
      put(container, key, nested);
      break;
    }
    case "repeat":
      if (Array.isArray(part) && part.length * edit.times < 10_000) {
        const copies = Array.from({ length: edit.times }, (_, by) => (by === 0 ? part : rename(part, by)));
        put(container, key, copies.flat());
      }
      break;
    case "chain":
      put(container, key, chain(edit.length, edit.className, edit.times));
      break;
    case "unfold":
      put(container, key, bomb(edit.levels, edit.calls));
  }
}

/** The text of a JSON value with edits made to it. */
export function editJson(json: string, edits: readonly JsonEdit[]): string {
  const root = [JSON.parse(json)] as unknown as Container;
  for (const edit of edits) editValue(root, edit);
  return (JSON.stringify(root[0]) ?? "null")
    .replaceAll(`"${HUGE}"`, "1e999")
    .replaceAll(/"\u00a7(\d+)\u00a7"/g, (_, levels) => `${"[".repeat(levels)}1${"]".repeat(levels)}`);
}
