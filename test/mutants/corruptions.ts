import { each, type Mutant } from "./mutant.ts";

const TESTS = [
  "techniques/robustness/drawn-corruptions.test.ts",
  "techniques/robustness/corruptions.test.ts",
];
const of = (name: string, ...changes: readonly (readonly [string, string, number?])[]): Mutant[] =>
  each([`src/techniques/robustness/corruptions/${name}.ts`], TESTS, changes);

/** Mistakes in the kinds of corruption. */
export const CORRUPTION_MUTANTS: readonly Mutant[] = [
  ...of("glass", ["Math.floor(2 * reach * unit()) - reach", "Math.floor((2 * reach + 1) * unit()) - reach"]),
  ...of("zoom", ["value / (count + 1)", "value / count"]),
  ...of("snow", ["layer[width * height - 1 - i]", "layer[i]"]),
  ...of("frost", ["own * value + other *", "value + other *"]),
  ...of("elastic", ["row + size * (down[i] ?? 0)", "row + size * (right[i] ?? 0)"]),
  ...of("spatter", ["value < 0.8 ? 0 : value", "value"]),
  ...of("edges", ["own > steep(y - 1, x) && own >= steep(y + 1, x)", "true"], ["2.1969", "2", 2]),
  ...of("fields", [
    "turned < length ? turned : 2 * length - 1 - turned",
    "turned < length ? turned : 2 * length - 2 - turned",
  ]),
  ...each(
    ["src/dataset/corrupted-source.ts"],
    ["dataset/corrupted-source.test.ts"],
    [
      ["seedOfPicture(seed, picture.index)", "seed"],
      ["{ kind, severity, seed, set,", "{ kind, severity, set,"],
    ],
  ),
  ...each(
    ["src/lab/error-curves.ts"],
    ["lab/error-curves.test.ts"],
    [
      ["?.add(labels[0], predictions)", "?.add(labels.at(-1), predictions)"],
      ["seedOfPicture(seed, index)", "seed"],
      ["kind: name, severity }", "kind: name, severity: 1 }"],
    ],
  ),
  ...each(
    ["src/lab/corruption-error.ts"],
    ["lab/error-curves.test.ts"],
    [
      ["(100 * ownGained) / gained", "(100 * mean) / gained"],
      ["all(benchmark.map(({ ce }) => ce))", "all(kinds.map(({ ce }) => ce))"],
    ],
  ),
];
