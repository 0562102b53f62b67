import { each, type Mutant } from "./mutant.ts";

/** Mistakes in networks that draw: generators of ascents, decoders, styles. */
export const SYNTHESIS_MUTANTS: readonly Mutant[] = [
  ...each(
    ["src/optimise/image/latent.ts"],
    ["optimise/image/latent.test.ts"],
    [
      ["(height - wanted[0]) / 2", "height - wanted[0]"],
      [".fill(1 / (white - black))", ".fill(1)"],
      [".fill(-black / (white - black))", ".fill(-black)"],
      ["(start ? 0 : 1)", "1"],
    ],
  ),
  ...each(
    ["src/techniques/synthesis/stylize.ts"],
    ["techniques/synthesis/stylize.test.ts"],
    [
      ["Math.floor(eaten[0] / 2)", "0"],
      ["rim[0] === 0 && rim[1] === 0", "true"],
      ["[input, larger].every", "[input].every"],
      ["beyond <= values.length / 2", "true"],
    ],
    "^stylize",
  ),
  ...each(
    ["src/images/pixels.ts"],
    ["techniques/synthesis/stylize.test.ts"],
    [["Math.max(1, 2 * size - 2)", "Math.max(1, 2 * size)"]],
    "^stylize",
  ),
  ...each(
    ["src/techniques/synthesis/gan-prior.ts"],
    ["techniques/synthesis/helpers.test.ts"],
    [
      [
        '[...(held ? [clip({ ...held, at: "after" })] : []), decay(share)]',
        '[decay(share), ...(held ? [clip({ ...held, at: "after" })] : [])]',
      ],
      ["normalisedGradient({ rate })", 'normalisedGradient({ rate, by: "norm" })'],
    ],
    "ganPrior",
  ),
  ...each(
    ["src/techniques/synthesis/drawn-pixels.ts"],
    ["techniques/synthesis/stylize.test.ts"],
    [["(top + row) * columns + left", "row * columns"]],
    "^stylize",
  ),
];
