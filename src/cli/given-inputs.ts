import type { Graph } from "../graph/graph.ts";
import { fixInputs, type InputValues } from "../network/inputs.ts";
import { readImage } from "../node/image.ts";
import { readNpy } from "../node/npy.ts";
import { UsageError } from "./io.ts";
import type { Values } from "./values.ts";

/** The graph with the values of its inputs beside the picture that --input gives; the same graph where it gives none. */
export async function withGivenInputs(graph: Graph, values: Values): Promise<Graph> {
  const given: Record<string, InputValues[string]> = {};
  for (const text of values.all("input")) {
    const [, name, value] = /^(.+?)=(.+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--input expects NAME=FILE or NAME=numbers, got "${text}"`);
    }
    if (Object.hasOwn(given, name)) throw new UsageError(`--input gives "${name}" twice`);
    given[name] = await valuesOf(value);
  }
  return values.has("input") ? fixInputs(graph, given) : graph;
}

async function valuesOf(text: string): Promise<InputValues[string]> {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (numbers.every(Number.isFinite)) return numbers;
  if (!/\.npy$/i.test(text)) return readImage(text);
  const { data } = await readNpy(text);
  return Array.from(data, Number);
}
