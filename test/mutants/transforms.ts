import { each, type Mutant } from "./mutant.ts";

const TESTS = ["optimise/transforms/transforms.test.ts"];
const of = (file: string, ...changes: readonly (readonly [string, string, number?])[]): Mutant[] =>
  each([file], TESTS, changes);

/** Mistakes in the transforms of an ascent. */
export const TRANSFORM_MUTANTS: readonly Mutant[] = [
  ...of(
    "shaders/blocks/affine_places.wgsl",
    ["min(inside, period - inside)", "inside"],
    ["2 * (length - 1)", "2 * length"],
    ["place >= 0 && place < length", "place >= 0 && place < length - 1"],
  ),
  ...of(
    "shaders/warp.wgsl",
    ["return params.value;", "return 0.0;"],
    ["n / params.views * params.image.x", "n * params.image.x"],
    ["i32(low.y) + 1, size.y", "i32(low.y), size.y"],
    ["+ movedAfter(n)", ""],
    ["return params.around;", "return params.value;"],
    ["place >= 0 && place < i32(length)", "place < i32(length)"],
  ),
  ...of(
    "shaders/warp_gradient.wgsl",
    ["abs(inverse.x) + abs(inverse.y)", "abs(inverse.x)"],
    ["select(pixel, min(low, 0), pixel == 0)", "pixel"],
    ["2 * i32(floor(f32(low) / period)) - 2", "0"],
    ["(2 * pixel) % period == 0", "false"],
    ["i32(floor(f32(low) / f32(length))) - 1", "0"],
    ["n < (picture + 1u) * params.views", "n < picture * params.views + 1u"],
    ["base += WIDTH", "base += 2u * WIDTH"],
    ["max(ceil(centre - extent), vec2<f32>(first))", "ceil(centre - extent)"],
    ["- movedBefore(n);", "+ movedBefore(n);"],
    ["sum += own;", "sum = own;"],
  ),
  ...of(
    "shaders/draw_maps.wgsl",
    ["var row = step[0] % params.rows;", "var row = min(step[0], params.rows - 1u);"],
    ["numbers[n], step[0]", "n, step[0]"],
    ["numbers[n], step[0]", "numbers[n], 0u"],
    ["u >= table[7u * row + 6u]", "u >= 0.5"],
    ["maps[6u * n + 5u] += moved.y;", "maps[6u * n + 5u] += moved.x;"],
  ),
  ...of(
    "shaders/draw_boxes.wgsl",
    ["min(f32(step[0]) / params.steps, 1.0)", "f32(step[0]) / params.steps"],
    ["params.sd * gaussian", "gaussian"],
    ["side * params.image / params.view", "params.image / params.view"],
  ),
  ...of(
    "shaders/noisy_views.wgsl",
    ["numbers[n], step[0]", "n, step[0]"],
    ["params.sd * gaussian", "params.sd * symmetric"],
    ["n / params.views * params.size", "n * params.size"],
  ),
  ...of(
    "shaders/fit_views.wgsl",
    ["i / (size * params.views) * size", "i / size * size"],
    ["+ params.offset[c % 4u];", ";", 2],
  ),
  ...of(
    "shaders/fit_views_gradient.wgsl",
    ["view < params.views; view++", "view < 1u; view++"],
    ["i / size * params.views * size", "i / size * size"],
    ["ratio - 0.5 + SLACK) + 1.0", "ratio - 0.5 + SLACK)"],
    ["var base = 0u", "var base = 4u"],
  ),
  ...each(
    ["shaders/pin_images.wgsl"],
    ["optimise/image/pinned.test.ts"],
    [
      ["params.share * pinned", "pinned"],
      ["element / params.channels", "element % params.channels"],
      ["(1.0 - pinned) * x[i]", "x[i]"],
    ],
  ),
  ...of("shaders/view_numbers.wgsl", ["id.x % params.views", "0u"], ["numbers[id.x / params.views]", "0u"]),
  ...of(
    "src/optimise/transforms/sampling.ts",
    ["move >= 0 && move + further", "move + further"],
    ["(moves.range ?? 1) - 1", "0"],
    ["[a, b, c + down, d, e, f + across]", "[a, b, c, d, e, f]"],
    ["const added = maps !== undefined;", "const added = false;"],
  ),
  ...of("src/optimise/transforms/crop-and-resize.ts", ["top + down / 2 - 0.5", "top"]),
  ...of("src/optimise/transforms/rotate.ts", ["[cos, sin, -sin, cos]", "[cos, -sin, sin, cos]"]),
  ...of("src/optimise/transforms/scale.ts", ["[1 / factor, 0, 0, 1 / factor]", "[factor, 0, 0, factor]"]),
  ...of(
    "src/optimise/transforms/jitter.ts",
    ["range: n - least + 1", "range: n - least"],
    ["wrap ? -1 : 1", "1"],
  ),
  ...of("src/optimise/transforms/views.ts", [
    "backward.unshift(made.backward)",
    "backward.push(made.backward)",
  ]),
];
