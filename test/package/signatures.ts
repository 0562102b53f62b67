import { readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { parseSync } from "vite";

/** A node of a syntax tree, read without its types: they differ between the parser's releases. */
interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A name that a file of declarations takes from another, and the other's path. */
interface Origin {
  readonly file: string;
  readonly name: string;
}

interface Declarations {
  /** Declared here, by name. */
  readonly own: ReadonlyMap<string, readonly Node[]>;
  /** Imported from the package's own files, by the name here. */
  readonly imported: ReadonlyMap<string, Origin>;
  /** Exported, by the name outside. */
  readonly exported: ReadonlyMap<string, Origin>;
  /** Files of which everything is exported on. */
  readonly all: readonly string[];
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";

const list = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : []);

function nameOf(node: unknown): string {
  const { name, value } = (node ?? {}) as { name?: string; value?: string };
  return name ?? value ?? "";
}

function childrenOf(node: Node): readonly Node[] {
  return Object.values(node).flatMap((value) => (isNode(value) ? [value] : list(value)));
}

/** Every name that a declaration's types use, less its own type parameters. */
function typesIn(node: Node, bound: ReadonlySet<string> = new Set()): string[] {
  const parameters = list((node.typeParameters as Node | null | undefined)?.params).map(({ name }) =>
    nameOf(name),
  );
  const inferred = node.type === "TSInferType" ? [nameOf((node.typeParameter as Node).name)] : [];
  const mapped = node.type === "TSMappedType" ? [nameOf(node.key)] : [];
  const inner = new Set([...bound, ...parameters, ...inferred, ...mapped, ...inferredIn(node)]);
  const used =
    node.type === "TSTypeReference"
      ? leftmost(node.typeName)
      : node.type === "TSInterfaceHeritage" || node.type === "TSClassImplements"
        ? leftmost(node.expression)
        : node.type === "ClassDeclaration" && isNode(node.superClass)
          ? leftmost(node.superClass)
          : "";
  const here = used && !inner.has(used) ? [used] : [];
  return [...here, ...childrenOf(node).flatMap((child) => typesIn(child, inner))];
}

/** Names that a conditional type infers in one place and uses in another. */
function inferredIn(node: Node): string[] {
  if (node.type !== "TSConditionalType") return [];
  const found = (at: Node): string[] => [
    ...(at.type === "TSInferType" ? [nameOf((at.typeParameter as Node).name)] : []),
    ...childrenOf(at).flatMap(found),
  ];
  return found(node.extendsType as Node);
}

function leftmost(node: unknown): string {
  const { left, object } = node as { left?: unknown; object?: unknown };
  return left ? leftmost(left) : object ? leftmost(object) : nameOf(node);
}

const cache = new Map<string, Declarations>();

function read(file: string): Declarations {
  const known = cache.get(file);
  if (known) return known;
  const { program, errors } = parseSync(file, readFileSync(file, "utf8"));
  if (errors.length > 0) throw new Error(`${file}: expected declarations, got ${errors[0]?.message}`);
  const own = new Map<string, Node[]>();
  const imported = new Map<string, Origin>();
  const exported = new Map<string, Origin>();
  const all: string[] = [];
  const target = (source: unknown): string | undefined => {
    const path = nameOf(source);
    return path.startsWith(".") ? join(dirname(file), path.replace(/\.[jt]s$/, ".d.ts")) : undefined;
  };
  const declare = (node: Node): string[] => {
    const names =
      node.type === "VariableDeclaration"
        ? list(node.declarations).map(({ id }) => nameOf(id))
        : [nameOf(node.id)];
    for (const name of names) own.set(name, [...(own.get(name) ?? []), node]);
    return names;
  };
  for (const node of program.body as unknown as readonly Node[]) {
    const from = target(node.source);
    if (node.type === "ImportDeclaration" && from) {
      for (const { local, imported: name } of list(node.specifiers)) {
        imported.set(nameOf(local), { file: from, name: nameOf(name) });
      }
    } else if (node.type === "ExportAllDeclaration" && from) {
      all.push(from);
    } else if (node.type === "ExportNamedDeclaration") {
      if (isNode(node.declaration)) {
        for (const name of declare(node.declaration)) exported.set(name, { file, name });
      }
      for (const { local, exported: name } of list(node.specifiers)) {
        exported.set(nameOf(name), { file: from ?? file, name: nameOf(local) });
      }
    } else if (/Declaration$/.test(node.type) && isNode(node.id)) declare(node);
    else if (node.type === "VariableDeclaration") declare(node);
  }
  const declarations = { own, imported, exported, all };
  cache.set(file, declarations);
  return declarations;
}

/** The file and name under which something was declared. */
function declared({ file, name }: Origin): Origin {
  const { own, imported, exported, all } = read(file);
  if (own.has(name)) return { file, name };
  const next = imported.get(name) ?? exported.get(name);
  if (next) return declared(next);
  const through = all.find((other) => namesOf(other).has(name));
  return through ? declared({ file: through, name }) : { file, name };
}

function namesOf(file: string): ReadonlyMap<string, Origin> {
  const { exported, all } = read(file);
  return new Map([...all.flatMap((other) => [...namesOf(other)]), ...exported]);
}

const key = ({ file, name }: Origin): string => `${file}#${name}`;

/**
 * The package's own types that public signatures of an entry name and that its entries do not export, as
 * "file#Type in Signature".
 * @param entry a file of declarations.
 * @param others entries whose exports are within reach too.
 */
export function unexportedTypes(entry: string, others: readonly string[] = []): string[] {
  const reachable = new Set(
    [entry, ...others].flatMap((file) => [...namesOf(file).values()].map((origin) => key(declared(origin)))),
  );
  const missing = [...namesOf(entry)].flatMap(([outside, origin]) => {
    const { file, name } = declared(origin);
    const { own, imported } = read(file);
    return (own.get(name) ?? [])
      .flatMap((node) => typesIn(node))
      .filter((type) => own.has(type) || imported.has(type))
      .map((type) => key(declared({ file, name: type })))
      .filter((type) => !reachable.has(type))
      .map((type) => `${type} in ${outside}`);
  });
  return [...new Set(missing)].sort();
}

/** The names that a file of declarations exports. */
export function exportedNames(entry: string): string[] {
  return [...namesOf(entry).keys()];
}
