import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { formatShape } from "../gpu/tensor.ts";
import { assertPoints, type Points } from "./points.ts";

export interface GridOptions {
  /** Default: as many as make the grid square. */
  readonly columns?: number | undefined;
  /** Default: as few as hold every point. */
  readonly rows?: number | undefined;
}

const GRID: Fields<GridOptions> = { columns: "may", rows: "may" };

/** Points of a map in the cells of a grid, at most one in each. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** `[N]`: the cell of each point, counted along the rows; row 0 is that of the smallest second coordinate. */
  readonly cells: Uint32Array;
}

interface Block {
  readonly column: number;
  readonly row: number;
  readonly columns: number;
  readonly rows: number;
  readonly points: readonly number[];
}

/**
 * Snaps a plane map to a grid, so that pictures drawn there do not cover each other. Cells and points are halved again and again:
 * a block of cells is cut across its longer side, and the points are dealt out to both parts in the order of that coordinate, in
 * proportion to their cells. So neighbours mostly stay neighbours, left stays left of right, and the work grows with N·log² N.
 * Where points are equal, the smaller number comes first.
 * @param places [N, 2]
 * @throws InputError for places that are no numbers or not in a plane, or a grid with fewer cells than points.
 * @example
 * const { columns, cells } = snapToGrid(places);
 * const cell = cells[0]; // of the first picture: column cell % columns, row ⌊cell / columns⌋
 */
export function snapToGrid(places: Points, options: GridOptions = {}): Grid {
  const who = "snapToGrid";
  assertFields(who, options, GRID);
  const { n, d } = assertPoints(who, places, "places");
  if (d !== 2)
    throw new InputError(`${who}: expected places in a plane, N×2, got ${formatShape(places.shape)}`);
  const { columns = Math.ceil(options.rows ? n / options.rows : Math.sqrt(n)) } = options;
  const { rows = Math.ceil(n / columns) } = options;
  const whole = [columns, rows].every((count) => Number.isSafeInteger(count) && count >= 1);
  if (!whole || columns * rows < n) {
    throw new InputError(
      `${who}: expected a grid of at least ${n} cells for ${n} points, got ${columns}×${rows}`,
    );
  }
  const cells = new Uint32Array(n);
  const waiting: Block[] = [
    { column: 0, row: 0, columns, rows, points: Array.from({ length: n }, (_, i) => i) },
  ];
  for (let block = waiting.pop(); block; block = waiting.pop()) {
    const { points } = block;
    if (points.length === 0) continue;
    if (block.columns * block.rows === 1) {
      cells[points[0] ?? 0] = block.row * columns + block.column;
      continue;
    }
    waiting.push(...halves(block, places.data));
  }
  return { columns, rows, cells };
}

/** A block of several cells cut across its longer side, with the points dealt out. */
function halves(
  { column, row, columns, rows, points }: Block,
  places: Float32Array,
): readonly [Block, Block] {
  const across = columns >= rows;
  const axis = across ? 0 : 1;
  const sorted = [...points].sort(
    (a, b) => (places[2 * a + axis] ?? 0) - (places[2 * b + axis] ?? 0) || a - b,
  );
  const first = Math.floor((across ? columns : rows) / 2);
  const other = across ? rows : columns;
  const [cells, most] = [columns * rows, first * other];
  const share = Math.round((points.length * most) / cells);
  const taken = Math.max(points.length - (cells - most), Math.min(most, share));
  const [left, right] = [sorted.slice(0, taken), sorted.slice(taken)];
  return across
    ? [
        { column, row, columns: first, rows, points: left },
        { column: column + first, row, columns: columns - first, rows, points: right },
      ]
    : [
        { column, row, columns, rows: first, points: left },
        { column, row: row + first, columns, rows: rows - first, points: right },
      ];
}
