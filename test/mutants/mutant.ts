/** A single plausible mistake in the code, and the tests that should notice it. */
export interface Mutant {
  readonly file: string;
  /** Text of the file that occurs once, or as often as `times` says. */
  readonly find: string;
  readonly replace: string;
  /** Test files, relative to `test/`, that should fail. */
  readonly tests: readonly string[];
  /** A regular expression for the names of the tests that are run; default: all of the files. */
  readonly named?: string;
  /** How often `find` occurs; every occurrence is replaced. Default 1. */
  readonly times?: number;
  /** Why no test can fail, where none can: what the mutant computes is the same. */
  readonly equivalent?: string;
}

/** The same mistakes in several files. */
export function each(
  files: readonly string[],
  tests: readonly string[],
  changes: readonly (readonly [find: string, replace: string, times?: number])[],
  named?: string,
): Mutant[] {
  return files.flatMap((file) =>
    changes.map(([find, replace, times]) => ({
      file,
      find,
      replace,
      tests,
      ...(times === undefined ? {} : { times }),
      ...(named === undefined ? {} : { named }),
    })),
  );
}

/** What a mutant is called in reports and by `--only`. */
export function nameOf({ file, find, replace }: Mutant): string {
  const line = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
  return `${file}: ${line(find)} → ${line(replace) || "(nothing)"}`;
}

/** A file's text with the mistake in it. @throws Error when the text to find is not there, or not so often. */
export function mutated({ file, find, replace, times = 1 }: Mutant, text: string): string {
  const parts = text.split(find);
  if (parts.length !== times + 1 || find === replace) {
    throw new Error(
      `mutant of ${file}: expected ${times} × ${JSON.stringify(find)}, found ${parts.length - 1}`,
    );
  }
  return parts.join(replace);
}
