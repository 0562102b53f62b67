import { describe, expect, test } from "vitest";
import { ancestorsOf, betweenOf, descendantsOf, readersOf } from "../../src/graph/traverse.ts";

/**
 * Two branches that meet, one that goes nowhere, and a layer that reads the same input twice:
 *
 *     a - b - d - e = f
 *      \- c -/ \
 *               g
 */
const layers = [
  { name: "a", inputs: [] },
  { name: "b", inputs: ["a"] },
  { name: "c", inputs: ["a"] },
  { name: "d", inputs: ["b", "c"] },
  { name: "g", inputs: ["d"] },
  { name: "e", inputs: ["d"] },
  { name: "f", inputs: ["e", "e"] },
];
const names = (found: readonly { readonly name: string }[]): string => found.map(({ name }) => name).join("");

describe("walking a graph", () => {
  test("readers, once for every input", () => {
    const readers = readersOf(layers);
    expect(names(readers.get("a") ?? [])).toBe("bc");
    expect(names(readers.get("d") ?? [])).toBe("ge");
    expect(names(readers.get("e") ?? [])).toBe("ff");
    expect(readers.has("g")).toBe(false);
  });

  test("ancestors, in order and with themselves", () => {
    expect(names(ancestorsOf(layers, ["d"]))).toBe("abcd");
    expect(names(ancestorsOf(layers, ["e", "b"]))).toBe("abcde");
    expect(names(ancestorsOf(layers, []))).toBe("");
  });

  test("descendants, in order and with themselves", () => {
    expect(names(descendantsOf(layers, ["c"]))).toBe("cdgef");
    expect(names(descendantsOf(layers, ["g", "b"]))).toBe("bdgef");
  });

  test("layers between two ends", () => {
    expect(names(betweenOf(layers, ["b"], ["e"]))).toBe("bde");
    expect(names(betweenOf(layers, ["a"], ["g"]))).toBe("abcdg");
    expect(names(betweenOf(layers, ["g"], ["f"]))).toBe("");
  });
});
