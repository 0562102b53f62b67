import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { movedBy, PLACE_TRANSFORMS, placeMapOf, resizeMapOf, windowsOf } from "../../src/lab/place-maps.ts";

const letters = Float32Array.of(1, 2, 3, 4, 5, 6);
const square = Float32Array.of(1, 2, 3, 4);

const moved = (
  name: (typeof PLACE_TRANSFORMS)[number],
  map: Float32Array,
  size: readonly [number, number],
  scale = 2,
) => [...movedBy(placeMapOf("test", name, size, scale), map, 1)];

describe("places", () => {
  test.each([
    ["identity", [1, 2, 3, 4, 5, 6]],
    ["flip", [3, 2, 1, 6, 5, 4]],
    ["flip-vertical", [4, 5, 6, 1, 2, 3]],
    ["rotate-180", [6, 5, 4, 3, 2, 1]],
  ] as const)("move by %s", (name, right) => {
    expect(moved(name, letters, [2, 3])).toEqual(right);
  });

  test("turn against the clock, as numpy.rot90 does", () => {
    expect(moved("rotate-90", square, [2, 2])).toEqual([2, 4, 1, 3]);
    expect(moved("rotate-270", square, [2, 2])).toEqual([3, 1, 4, 2]);
  });

  test("are enlarged about the middle", () => {
    // Rows and columns −1.5 … 1.5 about the middle read −.75, −.25, .25, .75.
    const ramp = Float32Array.from({ length: 16 }, (_, i) => i % 4);
    expect(moved("rescale", ramp, [4, 4])).toEqual([1, 2, 3, 4].flatMap(() => [0.75, 1.25, 1.75, 2.25]));
    expect(moved("rescale", ramp, [4, 4], 0.5).slice(0, 4)).toEqual([0, 0.5, 2.5, 3]);
  });

  test("keep a map that is resized to its own size, and halve it by the mean of four", () => {
    expect([...movedBy(resizeMapOf([2, 3], [2, 3]), letters, 1)]).toEqual([...letters]);
    expect([...movedBy(resizeMapOf([2, 2], [1, 1]), square, 1)]).toEqual([2.5]);
    expect([...movedBy(resizeMapOf([1, 1], [2, 2]), Float32Array.of(7), 1)]).toEqual([7, 7, 7, 7]);
  });

  test("come back by what undoes a transform", () => {
    const undone = (name: (typeof PLACE_TRANSFORMS)[number]) =>
      name === "rotate-90" ? "rotate-270" : name === "rotate-270" ? "rotate-90" : name;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        (h, w, c) => {
          const map = Float32Array.from({ length: h * w * c }, (_, i) => i);
          for (const name of PLACE_TRANSFORMS) {
            if (name === "rescale" || (/90|270/.test(name) && h !== w)) continue;
            const back = undone(name);
            const there = movedBy(placeMapOf("test", name, [h, w], 1), map, c);
            expect([...movedBy(placeMapOf("test", back, [h, w], 1), there, c)]).toEqual([...map]);
          }
        },
      ),
    );
  });

  test("that are not square do not turn by a quarter", () => {
    expect(() => placeMapOf("layer", "rotate-90", [2, 3], 1)).toThrow(
      /layer: expected a square for rotate-90, got 2×3/,
    );
  });

  test("are read with those around them, as naive loops read them", () => {
    fc.assert(
      fc.property(
        ...([
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 1, max: 3 }),
          fc.integer({ min: 1, max: 3 }),
        ] as const),
        (h, w, c, size) => {
          const map = Float32Array.from({ length: h * w * c }, (_, i) => i + 1);
          const right: number[] = [];
          const start = size === 3 ? -1 : 0;
          for (let y = 0; y < h; y++)
            for (let x = 0; x < w; x++)
              for (let dy = start; dy < start + size; dy++)
                for (let dx = start; dx < start + size; dx++)
                  for (let k = 0; k < c; k++) {
                    const inside = y + dy >= 0 && y + dy < h && x + dx >= 0 && x + dx < w;
                    right.push(inside ? (map[((y + dy) * w + x + dx) * c + k] ?? 0) : 0);
                  }
          expect([...windowsOf(map, [h, w, c], size, undefined)]).toEqual(right);
          const last = Int32Array.of(h * w - 1);
          expect([...windowsOf(map, [h, w, c], size, last)]).toEqual(right.slice(-size * size * c));
        },
      ),
    );
  });
});
