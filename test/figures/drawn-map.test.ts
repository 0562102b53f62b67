import { describe, expect, test } from "vitest";
import { drawnMap } from "../../src/figures/drawn-map.ts";
import { MAP_KINDS, type MapKind } from "../../src/figures/kinds.ts";

/** Two pixels of three colours. */
const colored = { map: Float32Array.from([1, -4, 2, 0.5, 0.25, -1]), shape: [1, 2, 3] };
const flat = { map: Float32Array.from([3, -1]), shape: [1, 2] };

describe("a map's kind decides", () => {
  test.each<[MapKind, number[]]>([
    ["gradient", [4, 1]],
    ["signal", [4, 1]],
    ["attribution", [-1, -0.25]],
  ])("how colours become one value: %s", (kind, expected) => {
    const { values, size } = drawnMap({ ...colored, kind });
    expect([...values]).toEqual(expected);
    expect(size).toEqual([1, 2]);
  });

  test.each<[MapKind, boolean, number, number, string]>([
    ["cam", true, -3, 3, "rdbu"],
    ["activation", true, -3, 3, "rdbu"],
    ["occlusion", true, -3, 3, "rdbu"],
    ["attribution", true, -1, 1, "rdbu"],
    ["expectation", false, -1, 3, "inferno"],
  ])("where the colours begin and end: %s", (kind, signed, min, max, colors) => {
    expect(drawnMap({ ...flat, kind })).toMatchObject({ values: flat.map, signed, min, max, colors });
  });

  test("whether values without a sign are drawn as signed", () => {
    const map = Float32Array.from([0, 2]);
    const signed = (kind: MapKind) => drawnMap({ map, shape: [1, 2], kind }).signed;
    const kinds = ["cam", "activation", "occlusion", "attribution", "expectation"] as const;
    expect(kinds.map(signed)).toEqual([false, false, true, true, false]);
  });

  test("which axes a map has", () => {
    const takes = (map: typeof flat) =>
      MAP_KINDS.filter((kind) => {
        try {
          return drawnMap({ ...map, kind });
        } catch {
          return false;
        }
      });
    expect(takes(colored)).toEqual(["gradient", "signal", "attribution"]);
    expect(takes(flat)).toEqual(["cam", "activation", "occlusion", "attribution", "expectation"]);
  });
});
