import { each, type Mutant } from "./mutant.ts";

const neighbours = (file: string, ...changes: readonly (readonly [string, string, number?])[]): Mutant[] =>
  each([file], ["embedding/neighbours.test.ts"], changes);

/** Mistakes in maps of pictures. */
export const EMBEDDING_MUTANTS: readonly Mutant[] = [
  ...neighbours(
    "shaders/squared_distances.wgsl",
    ["place[1] + point0 + 4u * quad", "point0 + 4u * quad"],
    ["half < DEPTH", "half < LINES"],
    ["let further = point + 4u * LINES", "let further = point + 2u * LINES"],
    ["if (k >= params.channels) {", "if (k > params.channels) {", 2],
    ["query >= place[0]) {\n    return;\n  }\n  for", "query > place[0]) {\n    return;\n  }\n  for"],
  ),
  ...neighbours(
    "shaders/nearest_scan.wgsl",
    ["lists[at - params.block] > key", "lists[at - params.block] >= key"],
    ["params.apart == 1u &&", "false &&"],
    ["place[4] + query)", "query)"],
    ["= place[3] + p;", "= p;"],
    ["place[3] == 0u", "false"],
    ["p += params.segments", "p += params.segments + 1u"],
  ),
  ...neighbours(
    "shaders/nearest_merge.wgsl",
    ["lists[numbers + at] < number", "false"],
    ["heads[source * params.block + query] += 1u", "heads[query] += 1u"],
  ),
  ...neighbours("src/embedding/neighbours.ts", ["square / 2", "square"], ["* spaces.unit", ""]),
  ...neighbours(
    "src/embedding/distance-tiles.ts",
    ["if (held !== part)", "if (held < 0)"],
    ["part + row, first", "row, first"],
  ),
];
