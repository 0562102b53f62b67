import type { Io } from "./io.ts";

/**
 * Characters that move a terminal's cursor, run its commands or turn text round: controls, formats (right-to-left marks and
 * overrides among them) and the ends of lines and paragraphs. Joiners stay, which scripts and emoji need.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A line of text with what a terminal must not get as JSON writes it: \u001b. */
export function printable(line: string): string {
  return line.replace(UNPRINTABLE, (character) =>
    Array.from({ length: character.length }, (_, i) => {
      const code = character.charCodeAt(i).toString(16);
      return `\\u${code.padStart(4, "0")}`;
    }).join(""),
  );
}

/** An Io on which names from files are harmless: whatever is in them, a line is one line. */
export function printableIo(io: Io): Io {
  return {
    ...io,
    out: (line) => io.out(printable(line)),
    err: (line) => io.err(printable(line)),
    progress: (line) => io.progress(line === undefined ? undefined : printable(line)),
    device: () => io.device(),
  };
}
