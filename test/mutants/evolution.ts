import { each, type Mutant } from "./mutant.ts";

const FOLDER = "src/techniques/robustness/evolution";
const GENOMES = ["techniques/robustness/genomes.test.ts"];
const EVOLUTION = ["techniques/robustness/evolution.test.ts"];
const TEXTURES = ["techniques/synthesis/efros-leung.test.ts"];
const PICTURES = ["kernels/evolved-pictures.test.ts"];

const CPPN = ["optimise/image/cppn.test.ts"];

/** Mistakes in fooling images, in textures that are grown pixel by pixel, and in images that networks draw. */
export const EVOLUTION_MUTANTS: readonly Mutant[] = [
  ...each([`${FOLDER}/cppn-genome.ts`], GENOMES, [
    ["|| sourcesOf(genome, from).has(to)", ""],
    ["node > gone ? node - 1 : node", "node"],
    ["nodesOf(genome) >= MOST_CPPN_VALUES ||", "nodesOf(genome) > 70 ||"],
    ["if (to === output) visit(from);", "if (to === output) order.push(from);"],
    ["{ ...split, from: node },", ""],
  ]),
  ...each([`${FOLDER}/operators.ts`], GENOMES, [
    ["1 - (2 * (1 - u)) ** (1 / (eta + 1))", "1 - (2 * (1 - u)) ** (1 / eta)"],
    ["Math.min(most, Math.max(least, value + step * (most - least)))", "value + step * (most - least)"],
    ["spread(most - high) * (high - low)", "spread(low - least) * (high - low) * 1.01"],
  ]),
  ...each([`${FOLDER}/niches.ts`], GENOMES, [
    ["probability <= (this.#elites[niche]?.probability ?? -1)", "false"],
    ["elite.probability > confidence", "elite.probability >= confidence"],
  ]),
  ...each([`${FOLDER}/direct-encoding.ts`], GENOMES, [
    ["[a.slice(), b.slice()]", "[a, b]"],
    ["draws.chance(MUTATION.rate)", "draws.chance(0.2)"],
  ]),
  ...each([`${FOLDER}/evolve.ts`], EVOLUTION, [
    ["-(preprocessing.mean[c] ?? 0) / std", "(preprocessing.mean[c] ?? 0) / std"],
    ["4 * first * each, 4 * some.length * each", "0, 4 * some.length * each"],
    ["niches.above(confidence) < classes.length", "niches.above(confidence) < 1"],
    ["new Draws(seed, streams++)", "new Draws(0, streams++)"],
  ]),
  ...each(["shaders/cppn_batch.wgsl"], PICTURES, [
    ["(2.0 * place + 1.0)", "(2.0 * place)"],
    ["length(at) / sqrt(2.0)", "length(at)"],
    ["2.0 / (1.0 + exp(-v)) - 1.0", "1.0 / (1.0 + exp(-v))"],
    ["clamp(v, -3.0, 3.0) / 3.0", "clamp(v, -3.0, 3.0)"],
    ["group.y * params.words", "0u"],
    ["abs(values[end - 1u])", "values[end - 1u]"],
  ]),
  ...each(["shaders/blocks/hls_color.wgsl"], PICTURES, [
    ["min(l, 1.0 - l)", "(1.0 - l)"],
    ["vec3<f32>(0.0, 8.0, 4.0)", "vec3<f32>(0.0, 4.0, 8.0)"],
  ]),
  ...each(["shaders/blocks/written_pixel.wgsl"], PICTURES, [
    ["round(color[channel] * 255.0)", "color[channel] * 255.0"],
    ["params.offset[channel]", "params.offset[0]"],
    ["params.channels == 1u", "false"],
  ]),
  ...each(["shaders/texture_distance.wgsl"], TEXTURES, [
    ["known >> 24u != 0u", "true"],
    ["weights[row * params.side + column] *", "weights[0] *"],
    ["max(-corner, vec2<i32>())", "vec2<i32>()"],
  ]),
  ...each(["shaders/texture_choice.wgsl"], TEXTURES, [
    ["best / 1000u * params.tolerance +", ""],
    ["distances[window] < weight * round[1]", "true"],
    ["drawn(params.seed, round[0], pixel)", "drawn(params.seed, 0u, pixel)"],
    ["select(0u, weights[k], known)", "weights[k]"],
    ["window / across + params.side / 2u", "window / across"],
  ]),
  ...each(["src/techniques/synthesis/efros-leung.ts"], TEXTURES, [
    ["b.count - a.count", "a.count - b.count"],
    ["farthest *= 1.1", "farthest *= 1.2"],
    ["side / 6.4", "side / 6"],
    ["word >= KNOWN ? 0 : neighbours(pixel)", "word >= KNOWN ? 0 : neighbours(pixel) + 1"],
  ]),
  ...each(["shaders/blocks/cppn_composite.wgsl"], CPPN, [
    ["2.0 * arctangent(z) / 0.6", "arctangent(z) / 0.6"],
    ["base = 0.785398163", "base = 0.7853"],
    ["t = -1.0 / size", "t = 1.0 / size"],
    ["max(count - 1u, 1u)", "count"],
  ]),
  ...each(["shaders/cppn_layer.wgsl"], CPPN, [
    ["coordinate(pixel / params.size.y, params.size.x)", "coordinate(pixel / params.size.y, params.size.y)"],
    ["group.y * params.parameters + params.offset", "params.offset"],
  ]),
  ...each(["shaders/cppn_layer_gradient.wgsl"], CPPN, [["own + HIDDEN * params.outputs", "own + HIDDEN"]]),
  ...each(["shaders/cppn_weight_gradient.wgsl"], CPPN, [
    ["pixel += THREADS", "pixel += pixels"],
    ["k >= HIDDEN", "k > HIDDEN"],
    ["return 1.0;", "return 0.0;"],
  ]),
  ...each(["shaders/cppn_start.wgsl"], CPPN, [["u * spread[element].y", "u"]]),
  ...each(["src/optimise/image/cppn.ts"], CPPN, [
    ["k % 2 === 0 ? 0 : 1", "0"],
    ["1 / Math.sqrt(inputs) / WITHIN_TWO.deviation", "1 / Math.sqrt(inputs)"],
  ]),
  ...each(
    ["shaders/fooling_step.wgsl"],
    ["kernels/fooling.test.ts"],
    [
      ["let part = g[first + i] / scale;", "let part = g[first + i];"],
      ["params.share * (1.0 - values[group.x])", "params.share"],
      ["min(params.most, forward / norm / scale)", "forward / norm / scale"],
      ["home[first + i], params.decay", "home[i], params.decay"],
    ],
  ),
  ...each(
    ["src/techniques/robustness/fooling.ts"],
    ["techniques/robustness/fooling.test.ts"],
    [
      ["reached > confidence ||", "reached <= confidence ||"],
      ["Math.min(BETWEEN, steps - ascent.steps)", "BETWEEN"],
      ["noise: start ? 0 : NOISE", "noise: 0"],
    ],
  ),
];
