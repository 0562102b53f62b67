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
  ...each(
    ["src/techniques/synthesis/multifaceted-clusters.ts"],
    ["techniques/synthesis/multifaceted.test.ts"],
    [
      ["i * count, (i + 1) * count", "0, count"],
      ["BEGINNINGS = 32", "BEGINNINGS = 1"],
      ["one.spread < best.spread", "one.spread > best.spread"],
      ["distance(centre, a) - distance(centre, b)", "a - b"],
      ["b.length - a.length", "a.length - b.length"],
      ["(one > least ? one : 0)", "one"],
    ],
    "^clusters",
  ),
  ...each(
    ["src/techniques/synthesis/multifaceted-phases.ts"],
    ["techniques/synthesis/multifaceted.test.ts"],
    [
      ["own > 0 ? [", "own > 1 ? ["],
      ["taken = until;", ""],
      ["room * window * normal(draws)", "window * normal(draws)"],
      ["(side - seen) / 2 + margin * seen", "margin * seen"],
      ["Math.floor((side - 1) / 2), Math", "side, Math"],
    ],
    "^phases",
  ),
  ...each(
    ["src/techniques/synthesis/multifaceted-climb.ts"],
    ["techniques/synthesis/multifaceted.test.ts"],
    [
      ["value / all.length", "value"],
      ["size = wanted;", ""],
      ["before + step", "step"],
    ],
    "^multifaceted",
  ),
  ...each(
    ["src/techniques/synthesis/multifaceted.ts"],
    ["techniques/synthesis/multifaceted.test.ts"],
    [
      ["value > 0 || unit.class !== undefined", "true"],
      ["members.slice(0, nearest)", "members"],
      ["unit: n, count", "unit: 0, count"],
      ["findLast", "find"],
    ],
    "^multifaceted",
  ),
  ...each(
    ["src/techniques/synthesis/natural-pictures.ts"],
    ["metrics/honesty.test.ts"],
    [
      ["b.value - a.value", "a.value - b.value"],
      [".below(this.#offered)", ".below(this.#most)"],
      ["if (waiting.length > 0) await run(waiting);", ""],
    ],
  ),
  ...each(
    ["src/metrics/naturalness.ts"],
    ["metrics/honesty.test.ts"],
    [
      ["(correlation - others) / span", "correlation / span"],
      ["span > 0", "true"],
      ["among - others : 0", "among : 0"],
    ],
  ),
];
