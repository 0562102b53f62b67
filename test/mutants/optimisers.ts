import { each, type Mutant } from "./mutant.ts";

const of = (file: string, ...changes: readonly (readonly [string, string, number?])[]): Mutant[] =>
  each([file], ["optimise/trajectories.test.ts"], changes);

/** Mistakes in the optimisers of an ascent. */
export const OPTIMISER_MUTANTS: readonly Mutant[] = [
  ...of(
    "shaders/blocks/rate.wgsl",
    ["arrayLength(&rates) - 1u", "arrayLength(&rates) - 2u"],
    ["min(number,", "min(0u,"],
  ),
  ...of(
    "shaders/gradient_step.wgsl",
    ["return norms[image] / f32(params.size);", "return norms[image];"],
    ["return sqrt(norms[image]);", "return norms[image];"],
    ["min(params.most, rateAt(step[0]) / length)", "rateAt(step[0]) / length"],
    ["measure(i / params.size)", "measure(0u)"],
    ["sign(g[i])", "g[i]"],
  ),
  ...each(
    ["shaders/langevin_step.wgsl"],
    ["techniques/synthesis/unit-samples.test.ts"],
    [
      ["0.5 * rate *", "rate *"],
      ["params.coldness * g[i]", "g[i]"],
      ["params.tightness * x[i]", "x[i]"],
      ["sqrt(rate) * noise", "rate * noise"],
      ["step[0]);\n  let noise", "0u);\n  let noise"],
      ["numbers[i / params.size]", "numbers[0]"],
      ["0u, i % params.size", "0u, 0u"],
    ],
    "^langevin",
  ),
  ...each(
    ["src/techniques/synthesis/unit-samples.ts"],
    ["techniques/synthesis/unit-samples.test.ts"],
    [["unit.number * MOST_SAMPLES + n", "n"]],
    "^unitSamples",
  ),
  ...of(
    "shaders/adam.wgsl",
    ["let first = step[0] == 0u;", "let first = false;"],
    ["params.log2 * t)", "params.log2)"],
    ["(deviation + params.epsilon)", "deviation"],
    ["next * mean / (1.0 - product * next)", "next * mean / (1.0 - product)"],
    ["0.004 * t", "0.004"],
  ),
  ...of(
    "src/optimise/optimisers/rate.ts",
    ["Math.max(1, steps - 1)", "steps"],
    [".fill(piece.rate)", ".fill(rate[0]?.rate ?? 0)"],
  ),
];
