import { finder, parseCsv } from "../dataset/file-table.ts";
import { InputError } from "../gpu/errors.ts";

/** Columns of a user's table, by picture. */
export interface AttributeTable {
  /** Names of the columns but that of the pictures. */
  readonly columns: readonly string[];
  /** A picture's cells by column: numbers where the whole column is numbers, else words; empty cells are absent. */
  attributesOf(id: string): Readonly<Record<string, number | string>>;
  readonly notes: readonly string[];
}

/**
 * Attributes of pictures by a table with a head row: a column that names pictures (the first, or one called file, path, image, name or
 * id), and columns of numbers or words. A row may name a picture by its path, by its name alone, or without the extension.
 * @param ids the pictures of the data set.
 * @throws InputError when the table names none of them, or one twice, or has no column beside.
 */
export function attributeTable(
  ids: readonly string[],
  { name, text }: { readonly name: string; readonly text: string },
): AttributeTable {
  const who = `attributes "${name}"`;
  const [head = [], ...rows] = parseCsv(text, who);
  const names = head.map((cell) => cell.trim());
  const picture = Math.max(
    0,
    names.findIndex((cell) => /^(file|filename|file_name|path|image|image_id|name|id)$/i.test(cell)),
  );
  const columns = names.filter((cell, c) => c !== picture && cell !== "");
  if (columns.length === 0 || rows.length === 0) {
    throw new InputError(
      `${who}: expected a head row with a column of pictures and others, and rows below, got ${rows.length} rows below "${names.join(",")}"`,
    );
  }
  const doubled = columns.find((cell, c) => columns.indexOf(cell) !== c);
  if (doubled !== undefined)
    throw new InputError(`${who}: expected columns with different names, got "${doubled}" twice`);
  const isNumbers = names.map((_, c) =>
    rows.every((row) => (row[c] ?? "").trim() === "" || Number.isFinite(Number(row[c]))),
  );
  const find = finder(ids);
  const found = new Map<string, Record<string, number | string>>();
  const absent: string[] = [];
  for (const row of rows) {
    const written = row[picture] ?? "";
    const id = find(written);
    if (id === undefined) absent.push(written);
    else if (found.has(id)) throw new InputError(`${who}: expected one row of "${written}", got two`);
    else {
      const own: Record<string, number | string> = {};
      for (const [c, column] of names.entries()) {
        const cell = (row[c] ?? "").trim();
        if (c !== picture && column !== "" && cell !== "") own[column] = isNumbers[c] ? Number(cell) : cell;
      }
      found.set(id, own);
    }
  }
  if (found.size === 0) {
    throw new InputError(
      `${who}: expected names of pictures in the data set, such as "${ids[0]}", got none of them: ${absent.slice(0, 3).join(", ")}${absent.length > 3 ? ", …" : ""}`,
    );
  }
  return {
    columns,
    attributesOf: (id) => found.get(id) ?? {},
    notes:
      absent.length > 0
        ? [
            `${absent.length} of ${rows.length} rows of "${name}" name no picture with an answer: ${absent[0]}${absent.length > 1 ? ", …" : ""}`,
          ]
        : [],
  };
}
