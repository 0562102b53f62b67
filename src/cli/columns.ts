/** Columns of a line of help. */
const WIDTH = 92;

/** Names, with a text beside each. */
export function table(rows: readonly (readonly [name: string, text: string])[]): string[] {
  const column = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, text]) => inColumns(name, text, column));
}

/** A head, and a text beside it from a column on. */
export function inColumns(head: string, text: string, column: number): string[] {
  const [first = "", ...rest] = wrap(text, WIDTH - column);
  return [head.padEnd(column) + first, ...rest.map((line) => " ".repeat(column) + line)];
}

/** Breaks a text into lines between its words. The texts are plain and narrow, so that letters count as columns. */
export function wrap(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
