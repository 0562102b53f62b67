import { InputError } from "../gpu/errors.ts";
import type { SourceItem, SourceParts } from "./source-of.ts";

const baseName = (path: string): string => path.replaceAll("\\", "/").split("/").at(-1) ?? path;

/** Paths without the folder that all lie in. */
export function withoutCommonFolder(paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const split = paths.map((path) => path.replaceAll("\\", "/").split("/"));
  const [first = []] = split;
  let common = 0;
  while (split.every((parts) => common < parts.length - 1 && parts[common] === first[common])) common++;
  return split.map((parts) => parts.slice(common).join("/"));
}

/**
 * Data sets one after another as one; of several, a picture's id has the name of its part before it.
 * @throws InputError when there are none.
 */
export function joined(name: string, parts: readonly SourceParts[]): SourceParts {
  const [first, ...others] = parts;
  if (!first) throw new InputError(`data set "${name}": expected files, got none`);
  if (others.length === 0) {
    return { ...first, identity: async () => [baseName(first.name), await first.identity()] };
  }
  const counts = parts.map(({ count }) => count);
  const labels = new Set(parts.flatMap((part) => part.labels ?? []));
  const names = withoutCommonFolder(parts.map((part) => part.name));
  return {
    name,
    count: counts.every((count) => count !== undefined)
      ? counts.reduce((sum, count) => sum + count, 0)
      : undefined,
    labels: labels.size > 0 ? [...labels] : undefined,
    async identity() {
      const all = [];
      for (const [i, part] of parts.entries()) all.push([names[i], await part.identity()]);
      return all;
    },
    async *items(signal): AsyncGenerator<SourceItem> {
      for (const [i, part] of parts.entries()) {
        for await (const item of part.items(signal)) {
          yield { id: `${names[i]}/${item.id}`, label: item.label, load: (stop) => item.load(stop) };
        }
      }
    },
  };
}
