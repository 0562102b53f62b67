import { classColor } from "./class-colors.ts";
import { type Color, Drawing, type Figure } from "./drawing.ts";
import { CAPITAL, headingOf, INK, LINE, MARGIN, QUIET, SMALL, TEXT } from "./layout.ts";
import { fitText, wrapText } from "./lettering.ts";

const COLUMN = 128;
const LEVEL = 78;
const LEAST = 480;

/** A node of a tree that is drawn. */
export interface DrawnNode {
  /** A question, or the answer of a leaf. */
  readonly text: string;
  readonly detail: string;
  /** The class of a leaf. */
  readonly group?: number | undefined;
  /** The node where the question is true, and that where it is not. */
  readonly children?: readonly [DrawnNode, DrawnNode] | undefined;
}

interface Placed {
  readonly node: DrawnNode;
  readonly x: number;
  readonly level: number;
  readonly children: readonly Placed[];
}

/** Draws a tree from its root at the top; to the left what is true. */
export function composeTree({
  title,
  subtitle,
  root,
  notes = [],
}: {
  readonly title: string;
  readonly subtitle: string;
  readonly root: DrawnNode;
  readonly notes?: readonly string[] | undefined;
}): Figure {
  let leaves = 0;
  let deepest = 0;
  const place = (node: DrawnNode, level: number): Placed => {
    deepest = Math.max(deepest, level);
    if (!node.children) return { node, x: (leaves++ + 0.5) * COLUMN, level, children: [] };
    const children = node.children.map((child) => place(child, level + 1));
    const x = children.reduce((sum, child) => sum + child.x, 0) / 2;
    return { node, x, level, children };
  };
  const tree = place(root, 0);
  const width = Math.max(LEAST, leaves * COLUMN + 2 * MARGIN);
  const heading = headingOf({ title, subtitle }, width - 2 * MARGIN);
  const bottom = heading.bottom + deepest * LEVEL + 60;
  const lines = notes.flatMap((note) => wrapText(note, SMALL, width - 2 * MARGIN, 4));
  const drawing = new Drawing(width, bottom + lines.length * 16 + MARGIN - 12);
  heading.draw(drawing);
  const left = Math.round((width - leaves * COLUMN) / 2);
  draw(drawing, tree, left, heading.bottom + 8);
  for (const [i, line] of lines.entries()) {
    drawing.text(line, MARGIN, bottom + CAPITAL + i * 16, { color: QUIET, size: SMALL });
  }
  return drawing.toFigure(title);
}

function draw(drawing: Drawing, { node, x, level, children }: Placed, left: number, top: number): void {
  const [middle, y] = [Math.round(left + x), top + level * LEVEL];
  for (const child of children) {
    const [cx, cy] = [Math.round(left + child.x), top + (level + 1) * LEVEL];
    const bend = y + 48;
    drawing.path(
      [
        [middle, y + 34],
        [middle, bend],
        [cx, bend],
        [cx, cy - 6],
      ],
      LINE,
    );
    draw(drawing, child, left, top);
  }
  if (children.length > 0) {
    const [yes, no] = children;
    const small = { color: QUIET, size: SMALL, align: "center" } as const;
    if (yes) drawing.text("yes", Math.round((left + yes.x + middle) / 2), y + 44, small);
    if (no) drawing.text("no", Math.round((left + no.x + middle) / 2), y + 44, small);
  }
  const style = {
    color: INK,
    size: TEXT,
    align: "center",
    weight: node.group === undefined ? 400 : 600,
  } as const;
  drawing.text(fitText(node.text, TEXT, COLUMN - 6, style.weight), middle, y + CAPITAL, style);
  drawing.text(fitText(node.detail, SMALL, COLUMN - 6), middle, y + CAPITAL + 15, {
    ...{ color: QUIET, size: SMALL, align: "center" },
  });
  if (node.group !== undefined) {
    const color: Color = classColor(node.group);
    drawing.rect(middle - 20, y + 30, 40, 4, color);
  }
}
