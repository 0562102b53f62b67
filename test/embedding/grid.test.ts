import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { snapToGrid } from "../../src/embedding/grid.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { forAll } from "../layers/check.ts";
import { numbers } from "../reference/numbers.ts";

describe("snapToGrid", () => {
  test("gives every point a cell of its own, for any number and any grid that holds them", () =>
    forAll(
      fc.record({
        n: fc.integer({ min: 1, max: 300 }),
        columns: fc.integer({ min: 1, max: 40 }),
        spare: fc.integer({ min: 0, max: 3 }),
      }),
      async ({ n, columns, spare }) => {
        const rows = Math.ceil(n / columns) + spare;
        const grid = snapToGrid({ data: numbers(2 * n), shape: [n, 2] }, { columns, rows });
        expect([grid.columns, grid.rows]).toEqual([columns, rows]);
        expect(new Set(grid.cells).size).toBe(n);
        expect(Math.max(...grid.cells)).toBeLessThan(columns * rows);
      },
    ));

  test("leaves a grid as it is, in whatever order its points come", () => {
    const order = Array.from({ length: 35 }, (_, i) => (i * 16) % 35);
    const data = Float32Array.from(order.flatMap((cell) => [(cell % 7) * 3 - 8, Math.floor(cell / 7) * 0.1]));
    const { cells } = snapToGrid({ data, shape: [35, 2] }, { columns: 7 });
    expect([...cells]).toEqual(order);
  });

  test("keeps neighbours together", () => {
    const data = numbers(2 * 400);
    const { cells, columns, rows } = snapToGrid({ data, shape: [400, 2] });
    expect([columns, rows]).toEqual([20, 20]);
    let off = 0;
    for (const [i, cell] of cells.entries()) {
      const [x, y] = [(cell % 20) / 9.5 - 1, Math.floor(cell / 20) / 9.5 - 1];
      off += Math.hypot(x - (data[2 * i] ?? 0), y - (data[2 * i + 1] ?? 0)) / 400;
    }
    // A cell is .105 wide; at random they would be 1.04 off.
    expect(off).toBeLessThan(0.15);
  });

  test("identical points fill the grid in order", () => {
    const { cells } = snapToGrid({ data: new Float32Array(8), shape: [4, 2] });
    expect([...cells].sort()).toEqual([0, 1, 2, 3]);
    expect([...cells]).toEqual([0, 2, 1, 3]);
  });

  test("says what is wrong", () => {
    const places = { data: numbers(12), shape: [6, 2] };
    expect(() => snapToGrid(places, { columns: 2, rows: 2 })).toThrow(
      /at least 6 cells for 6 points, got 2×2/,
    );
    expect(() => snapToGrid(places, { columns: 0 })).toThrow(InputError);
    expect(() => snapToGrid({ data: numbers(12), shape: [4, 3] })).toThrow(/N×2, got 4×3/);
    expect(snapToGrid(places, { rows: 1 }).columns).toBe(6);
  });
});
