import { type Reached, reachedBy } from "../goals.ts";
import type { Row } from "../result.ts";
import { percent, short } from "./table.ts";

/** The columns of the table of goals. */
export const GOAL_COLUMNS = ["case", "size", "what", "goal", "measured", ""] as const;

/** One line of cells for each goal of each row, the case named in the first alone. */
export function goalCells(rows: readonly Row[]): string[][] {
  return rows.flatMap((row) =>
    reachedBy(row).map((reached, index) => [
      ...(index === 0 ? [row.title, row.size] : ["", ""]),
      reached.what,
      reached.goal,
      figureOf(reached),
      reached.met === undefined ? "not measured" : reached.met ? "met" : "missed",
    ]),
  );
}

function figureOf({ value, unit }: Reached): string {
  if (value === undefined) return "–";
  return unit === "%" ? percent(value) : `${short(value)}×`;
}
