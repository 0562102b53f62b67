import { UnsupportedError } from "../gpu/errors.ts";
import { assertGraph, type Graph } from "./graph.ts";

/**
 * Hex SHA-256 of a graph: of its layers, weights, outputs, names of classes and preprocessing. Two readings of the same file have the
 * same digest, two networks of different numbers have not. The graph's own name does not count.
 */
export async function graphDigest(graph: Graph): Promise<string> {
  assertGraph("graphDigest", graph);
  const arrays = new Map<ArrayBufferView, Promise<string>>();
  const marked = (value: unknown): unknown => {
    if (!ArrayBuffer.isView(value)) return value;
    const at = [...arrays.keys()].indexOf(value);
    if (at >= 0) return { array: at };
    arrays.set(value, sha256(value));
    return { array: arrays.size - 1, kind: value.constructor.name };
  };
  const { name: _, ...rest } = graph;
  const text = JSON.stringify(rest, (_key, value) => marked(value));
  const hashes = await Promise.all(arrays.values());
  return sha256(new TextEncoder().encode([text, ...hashes].join("\n")));
}

/**
 * SHA-256 of bytes, as 64 hex digits.
 * @throws UnsupportedError in a page that is not secure, which has no `crypto.subtle`.
 */
export async function sha256(values: ArrayBufferView): Promise<string> {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) {
    throw new UnsupportedError(
      "digest: expected crypto.subtle, got none; browsers have it in pages of https: and of localhost",
    );
  }
  // Memory that is shared with other threads is refused: a copy is taken.
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  const hash = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
