/** The longest name that labels in the room and in the strip have space for, in characters. */
const LONGEST = 24;

/**
 * Short forms of layers' names, for labels; the whole name belongs beside them. Files write names as paths:
 * "/features/features.0/features.0.0/Conv" says three times where it is, "StatefulPartitionedCall/model/conv1/Relu" begins
 * as every other name does.
 */
export function shortNames(names: readonly string[]): ReadonlyMap<string, string> {
  const paths = names.map((name) => name.split("/").filter((part) => part !== ""));
  const long = paths.filter((parts) => parts.length > 1);
  const [first = []] = long;
  let shared = 0;
  while (
    long.length > 1 &&
    long.every((parts) => parts.length > shared + 1 && parts[shared] === first[shared])
  )
    shared++;
  return new Map(names.map((name, index) => [name, shortened(paths[index] ?? [], shared) || name]));
}

function shortened(parts: readonly string[], shared: number): string {
  const own = parts.length > 1 ? parts.slice(shared) : parts;
  // "features.0" is in "features.0.0" already.
  const said = own.filter((part, index) => !own[index + 1]?.startsWith(`${part}.`));
  while (said.length > 2 && said.join("/").length > LONGEST) said.shift();
  const name = said.join("/");
  return name.length > LONGEST + 8 ? `…${name.slice(-LONGEST - 7)}` : name;
}
