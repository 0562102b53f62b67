import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A declaration at module scope of WGSL source, with the comment that stands above it. */
export interface Declaration {
  readonly name: string;
  readonly kind: "fn" | "struct" | "alias" | "const" | "override" | "var";
  readonly text: string;
}

/** A file of `blocks/`: what its name is, and what it declares. */
export interface Block {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

const HEAD =
  /^(?:@\w+(?:\([^)]*\))?\s*)*(fn|struct|alias|const|override|var)\b\s*(?:<[^>]*>)?\s*(?<name>\w+)/;

/** WGSL without its comments; it has no strings, so two slashes always begin one. */
function bare(source: string): string {
  return source.replace(/\/\/.*/g, "");
}

/** Declarations of WGSL source at module scope, in order. */
export function declarationsOf(source: string): Declaration[] {
  const found: Declaration[] = [];
  let comment: string[] = [];
  let open: string[] = [];
  let depth = 0;
  for (const line of source.split("\n")) {
    const code = bare(line).trim();
    if (open.length === 0 && code === "") {
      // A comment belongs to what follows without a blank line.
      comment = line.trim() === "" ? [] : [...comment, line];
      continue;
    }
    open.push(line);
    depth += (code.match(/[({[]/g)?.length ?? 0) - (code.match(/[)}\]]/g)?.length ?? 0);
    if (depth > 0 || !/[;}]$/.test(code)) continue;
    const [, kind, name] = HEAD.exec(bare(open.join("\n")).trim()) ?? [];
    if (name) {
      found.push({ name, kind: kind as Declaration["kind"], text: [...comment, ...open].join("\n") });
    }
    comment = [];
    open = [];
  }
  return found;
}

/** The blocks that stand beside a kernel, in `blocks/`, by the names of their files. @throws Error; see {@link assertApart}. */
export function blocksBeside(path: string): { readonly files: readonly string[]; readonly blocks: Block[] } {
  const folder = join(dirname(path), "blocks");
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(".wgsl"))
        .sort()
        .map((file) => join(folder, file))
    : [];
  const blocks = files.map((file) => ({
    name: basename(file, ".wgsl"),
    declarations: declarationsOf(readFileSync(file, "utf8")),
  }));
  assertApart(blocks);
  return { files, blocks };
}

/**
 * A name is all by which a kernel asks for a declaration, so one name is declared in one block.
 * @throws Error that names both blocks.
 */
export function assertApart(blocks: readonly Block[]): void {
  const holders = new Map<string, string>();
  for (const { name: block, declarations } of blocks) {
    for (const { name } of declarations) {
      const before = holders.get(name);
      if (before !== undefined) {
        throw new Error(
          `blocks of shaders: expected "${name}" to be declared once, found it in blocks/${before}.wgsl and blocks/${block}.wgsl; give one another name`,
        );
      }
      holders.set(name, block);
    }
  }
}

/** True if code names a declaration: a function where it is called, anything else where it is no member. */
function uses(code: string, { kind, name }: Declaration): boolean {
  return new RegExp(`(?<![\\w.])${name}\\b${kind === "fn" ? "\\s*\\(" : ""}`).test(code);
}

/**
 * A kernel as one flat module: its own text, line by line, and behind it those declarations of the blocks that it uses and
 * those that these use in turn. A name is all that asks for one, as it is for every linker.
 * @throws Error when the kernel declares what a block declares too.
 */
export function linkShader(source: string, name: string, blocks: readonly Block[]): string {
  const own = new Set(declarationsOf(source).map((declaration) => declaration.name));
  const taken = new Set<Declaration>();
  const open = [bare(source)];
  for (const code of open) {
    for (const block of blocks) {
      for (const declaration of block.declarations) {
        if (taken.has(declaration) || !uses(code, declaration)) continue;
        if (own.has(declaration.name)) {
          throw new Error(
            `shader "${name}": expected "${declaration.name}" to be declared once, found it here and in blocks/${block.name}.wgsl; use the block's, or another name`,
          );
        }
        taken.add(declaration);
        open.push(bare(declaration.text));
      }
    }
  }
  const parts = blocks.flatMap((block) => {
    const texts = block.declarations.filter((declaration) => taken.has(declaration)).map(({ text }) => text);
    return texts.length > 0 ? [`// From blocks/${block.name}.wgsl.`, ...texts] : [];
  });
  return parts.length > 0 ? `${source.trimEnd()}\n\n${parts.join("\n\n")}\n` : source;
}

/** The kernel in a file, linked with the blocks beside it. */
export function linkedFile(path: string): string {
  return linkShader(readFileSync(path, "utf8"), basename(path, ".wgsl"), blocksBeside(path).blocks);
}
