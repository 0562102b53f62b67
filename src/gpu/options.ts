import leven from "leven";
import { InputError } from "./errors.ts";

/**
 * Fields of an options object, written once beside its type and checked by it: for each field whether it must be
 * there, or its permitted values where they can be listed.
 */
export type Fields<O> = {
  readonly [K in keyof O]-?: object extends Pick<O, K>
    ? "may" | readonly (O[K] & (string | number | boolean))[]
    : "must" | { readonly must: readonly O[K][] };
};

/** A call, and the fields of its options. */
export interface Call<O> {
  readonly who: string;
  readonly fields: Fields<O>;
}

type Field = "may" | "must" | readonly unknown[] | { readonly must: readonly unknown[] };

/**
 * Checks what an untyped caller may get wrong: no object, a field that there is not, one that is missing, a value that there
 * is not. What TypeScript checked passes.
 * @param who the call, for the message.
 * @throws InputError that lists what there is, with the nearest.
 */
export function assertFields(who: string, got: unknown, fields: Readonly<Record<string, Field>>): void {
  const names = Object.keys(fields);
  if (typeof got !== "object" || got === null || Array.isArray(got) || ArrayBuffer.isView(got)) {
    throw new InputError(`${who}: expected an object of { ${names.join(", ")} }, got ${describe(got)}`);
  }
  const options: Readonly<Record<string, unknown>> = { ...got };
  for (const name of Object.keys(options)) {
    if (options[name] === undefined || names.includes(name)) continue;
    throw new InputError(`${who}: expected ${names.join(", ")}, got "${name}"${suggestion(name, names)}`);
  }
  for (const [name, field] of Object.entries(fields)) {
    const value = options[name];
    assertSameEverywhere(who, name, value);
    const needed = field === "must" || (typeof field === "object" && "must" in field);
    if (value === undefined) {
      if (needed) throw new InputError(`${who}: expected ${name}, got none`);
      continue;
    }
    const values = typeof field === "string" ? undefined : "must" in field ? field.must : field;
    if (values && !values.includes(value)) {
      const said = values.map((one) => JSON.stringify(one)).join(", ");
      const near = typeof value === "string" ? suggestion(value, values.map(String)) : "";
      throw new InputError(`${who}: expected ${name} of ${said}, got ${describe(value)}${near}`);
    }
  }
}

/** Fields that are the same in every call: a signal, a budget of memory, and functions that are called back. */
function assertSameEverywhere(who: string, name: string, value: unknown): void {
  if (value === undefined) return;
  if (name === "signal" && typeof (value as Partial<AbortSignal> | null)?.throwIfAborted !== "function") {
    const remedy = value instanceof AbortController ? "; give its signal" : "";
    throw new InputError(`${who}: expected signal to be an AbortSignal, got ${describe(value)}${remedy}`);
  }
  if (name === "memory" && !(typeof value === "number" && value > 0)) {
    throw new InputError(`${who}: expected a memory above 0 bytes, got ${describe(value)}`);
  }
  if (/^on[A-Z]/.test(name) && typeof value !== "function") {
    throw new InputError(`${who}: expected ${name} to be a function, got ${describe(value)}`);
  }
}

/** Describes a value in few words, for an error. */
export function describe(value: unknown): string {
  if (typeof value === "string") return `"${value.slice(0, 60)}"`;
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value !== "object" || value === null) return String(value);
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind === "Promise") return "a Promise (is an await missing before it?)";
  return kind === "Object"
    ? `{ ${Object.keys(value).slice(0, 6).join(", ")} }`
    : `${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind}`;
}

function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

/** The known name that a word most likely means, if there is one. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // Nobody misspells so much, and the comparison takes as long as both words together.
  if (word.length > 64) return undefined;
  const [best] = known
    .map((name) => ({ name, steps: leven(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.steps - b.steps);
  return best && best.steps <= Math.floor(Math.max(3, word.length, best.name.length) / 2.5)
    ? best.name
    : undefined;
}
