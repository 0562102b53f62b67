import { each, type Mutant } from "./mutant.ts";

const of = (file: string, ...changes: readonly (readonly [string, string, number?])[]): Mutant[] =>
  each([file], ["optimise/regularisers/regularisers.test.ts"], changes);

const denoising = (file: string, ...changes: readonly (readonly [string, string])[]): Mutant[] =>
  each([file], ["optimise/regularisers/denoise-tv.golden.test.ts"], changes);

/** Mistakes in the regularisers of an ascent. */
export const REGULARISER_MUTANTS: readonly Mutant[] = [
  ...of("shaders/clip_parameters.wgsl", ["i % params.period", "0u"], ["> 0x7f800000u", "> 0x7fffffffu"]),
  ...of(
    "shaders/gaussian_blur.wgsl",
    ["period - 1 - within", "period - within"],
    ["i / params.inner % params.length", "i / params.inner"],
    ["(place % period + period) % period", "clamp(place, 0, length - 1)"],
  ),
  ...of(
    "shaders/magnitudes.wgsl",
    ["factor = x[at];", "factor = 1.0;"],
    ["factor = g[at];", "factor = x[at];"],
    ["= abs(sum)", "= max(sum, 0.0)"],
  ),
  ...of(
    "shaders/rank_histogram.wgsl",
    ["(value & params.known) == bits", "true"],
    ["found[2u * part.image] &", "found[0] &"],
  ),
  ...of(
    "shaders/rank_select.wgsl",
    ["counts[256u * image + thread] = 0u;", ""],
    ["= rank - before;", "= rank;"],
    ["rank >= before &&", "rank > before &&"],
    ["found[2u * image], 0u, params.first == 1u", "found[2u * image], 0u, false"],
  ),
  ...of(
    "shaders/drop_small.wgsl",
    ["magnitudes[at] < found", "magnitudes[at] <= found"],
    ["found[2u * (at / params.size)]", "found[0]"],
  ),
  ...of(
    "shaders/project_ball.wgsl",
    ["if (norm > params.radius)", "if (norm > 0.0)"],
    ["squares[i / params.size]", "squares[0]"],
    ["i % params.period", "i % params.size % params.period"],
  ),
  ...denoising(
    "shaders/denoise_tv_begin.wgsl",
    ["f[i] = x[i];", "f[i] = x[0];"],
    ["d[i] = vec4f();", ""],
    ["clock[0] = 0u;", ""],
  ),
  ...denoising(
    "shaders/denoise_tv_wave.wgsl",
    ["- params.width + 2) / 2", "- params.width + 1) / 2"],
    ["sweep >= params.sweeps", "sweep > params.sweeps"],
    ["var upper = f[i + down];", "var upper = f[i];"],
    ["var left = f[i + right];", "var left = f[i];"],
    ["var lower = f[i];", "var lower = f[i - down];"],
    ["var after = f[i];", "var after = f[i - right];"],
    ["lambda = 2.0 * weight", "lambda = weight"],
    ["(before.x - before.z)", "(before.x + before.z)"],
    ["(own.y - own.w)", "(own.y)"],
    ["length(wanted)", "(abs(wanted.x) + abs(wanted.y))"],
    ["wanted - shrunk)", "slope - shrunk)"],
    ["line % params.height", "line"],
    ["weights[min(step[0], arrayLength(&weights) - 1u)]", "weights[0]"],
  ),
  ...denoising("src/kernels/regularisers.ts", ["2 * sweeps - 3", "2 * sweeps - 4"]),
  ...of("src/optimise/regularisers/clip-small.ts", ["Math.ceil((count", "Math.floor((count"]),
  ...of("src/optimise/regularisers/blur.ts", ["CUT = 4", "CUT = 3"], ["CUT * sigma + 0.5", "CUT * sigma"]),
  ...of(
    "src/optimise/regularisers/yosinski.ts",
    ["iterations - 1", "iterations"],
    ["255 / range - (", "255 - ("],
  ),
  ...each(
    ["src/optimise/regularisers/yosinski.ts"],
    ["optimise/regularisers/yosinski.golden.test.ts"],
    [
      ["100 / unit ** 2", "100 / unit"],
      ["most / unit ** 2", "most / unit"],
      ['rate: 2, by: "progress"', 'rate: 1, by: "progress"'],
    ],
  ),
  ...each(
    ["src/optimise/ascent.ts"],
    ["optimise/regularisers/yosinski.golden.test.ts"],
    [["(regulariser.acts?.(done, of) ?? true)", "true"]],
  ),
];
