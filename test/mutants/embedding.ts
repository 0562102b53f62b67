import { each, type Mutant } from "./mutant.ts";

const neighbours = (file: string, ...changes: readonly (readonly [string, string, number?])[]): Mutant[] =>
  each([file], ["embedding/neighbours.test.ts"], changes);

const tsne = (file: string, ...changes: readonly (readonly [string, string, number?])[]): Mutant[] =>
  each([file], ["embedding/tsne.test.ts"], changes);

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
  ...each(
    ["src/embedding/pca.ts"],
    ["embedding/pca.test.ts"],
    [
      ["residual <= TOLERANCE * largest", "true"],
      ["return most < 0 ?", "return most > 0 ?"],
      ["value > 1e-12 * largest", "true"],
      ["round < 2", "round < 0"],
      ["const degrees = Math.max(1, n - 1)", "const degrees = n"],
    ],
  ),
  ...tsne(
    "shaders/tsne_affinities.wgsl",
    ["if (excess > 0.0) {", "if (excess < 0.0) {"],
    ["beta = 0.5 * (low + high);", "beta = 0.4 * beta;"],
    ["const TOLERANCE = 1e-5;", "const TOLERANCE = 1e-2;"],
  ),
  ...tsne(
    "shaders/tsne_repulsion.wgsl",
    ["staged[i] = mapPlace(min(start + i, last))", "staged[i] = mapPlace(min(i, last))"],
    ["min(STAGED, end - start)", "STAGED"],
    ["let squared = w * w;", "let squared = w;"],
    ["apart = fma(dz, dz, apart);", ""],
  ),
  ...tsne("shaders/tsne_weights.wgsl", ["var ofPoint = -1.0;", "var ofPoint = 0.0;"]),
  ...tsne(
    "shaders/tsne_gradient.wgsl",
    ["step[0] < params.early", "true"],
    ["push / whole[0]", "push"],
    ["part * 4u * params.points + point", "point"],
  ),
  ...tsne(
    "shaders/tsne_move.wgsl",
    ["|| step[0] == params.early", ""],
    ["before * g[i] < 0.0", "before * g[i] > 0.0"],
    ["select(0.8, 0.5, step[0] < params.early)", "0.8"],
  ),
  ...tsne("shaders/tsne_divergence.wgsl", ["log(whole[0])", "0.0"]),
  ...tsne(
    "src/embedding/affinities.ts",
    ["1 / (2 * n)", "1 / n"],
    ["if (ofB <= ofA) value", "if (ofB < ofA) value"],
  ),
  ...each(
    ["shaders/rank_count.wgsl"],
    ["embedding/map-quality.test.ts"],
    [
      ["number < given[i]", "false"],
      ["&& number != place[4] + query", ""],
      ["select(ranks[i], 0u, place[3] == 0u)", "ranks[i]"],
      ["let number = place[3] + p;", "let number = p;"],
    ],
  ),
  ...each(
    ["shaders/rank_gather.wgsl"],
    ["embedding/map-quality.test.ts"],
    [
      ["(given[i] - place[3]) * params.block", "given[i] * params.block"],
      ["given[i] - place[3] >= place[2]", "given[i] - place[3] > place[2]"],
    ],
  ),
  ...each(
    ["src/embedding/map-quality.ts"],
    ["embedding/map-quality.test.ts"],
    [
      ["rank + 1 - k", "rank - k"],
      ["(2 * n - 3 * k - 1)", "(2 * n - 3 * k)"],
    ],
  ),
  ...each(
    ["src/embedding/grid.ts"],
    ["embedding/grid.test.ts"],
    [
      ["const across = columns >= rows;", "const across = true;"],
      ["|| a - b", "|| b - a"],
      ["row: row + first", "row"],
      ["Math.max(points.length - (cells - most), ", "Math.max(0, "],
    ],
  ),
];
