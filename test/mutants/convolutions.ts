import { each, type Mutant } from "./mutant.ts";

const shader = (name: string): string => `shaders/${name}.wgsl`;
const KERNELS = ["layers/convolution-kernels.test.ts"];
const INCREMENTAL = ["layers/incremental-kernels.test.ts"];
const STATISTICS = ["kernels/conv2d-statistics.test.ts"];
const OPS = ["layers/conv2d.test.ts", "layers/convolution-kernels.test.ts"];

type Change = readonly [find: string, replace: string];

/** Mistakes in a convolution kernel, forward and backward. */
function kernel(name: string, forward: readonly Change[], backward: readonly Change[]): Mutant[] {
  return [
    ...each([shader(name)], KERNELS, forward, `^${name}, .*forward`),
    ...each([shader(name)], KERNELS, backward, `^${name}, .*backward`),
  ];
}

/** Mistakes in what every convolution kernel does with a sum before it writes it. */
export const CONVOLUTIONS: readonly Mutant[] = [
  ...kernel(
    "conv2d",
    [
      ["activate(acc[p][j] + bias)", "acc[p][j] + bias"],
      ["      if (BIAS) {", "      if (false) {"],
      ["corner[p] = vec2<i32>(q) * params.scale;", "corner[p] = vec2<i32>(q);"],
      ["all(at >= vec2<i32>(0))", "all(at > vec2<i32>(0))"],
      ["z += y[place[p]", "z = y[place[p]"],
    ],
    [
      ["z = throughActivation(z, rule, place[p] + column[j]);", ""],
      ["rule, place[p] + column[j]", "rule, column[j]"],
      ["if (ACCUMULATE)", "if (false)"],
      ["&& all(position < params.outSize)", ""],
      ["        row += params.inChunks * IN;\n        continue;", "        continue;"],
    ],
  ),
  ...kernel(
    "conv2d_subgroups",
    [
      ["activate(acc[p][j] + bias)", "acc[p][j] + bias"],
      ["bias = b[column];", ""],
    ],
    [
      ["z = throughActivation(z, rule, place[p] + column);", ""],
      ["if (ACCUMULATE)", "if (false)"],
    ],
  ),
  ...kernel(
    "conv2d_quads",
    [
      ["finish(place.x + column, column,", "finish(place.x + column, 0u,"],
      ["live & vec4<bool>(column < params.outChunks)", "live"],
      ["row < vec4<i32>(size.x)", "row <= vec4<i32>(size.x)"],
      ["let left = vec4<i32>(c) * params.scale.y;", "let left = vec4<i32>(c) * params.scale.x;"],
      ["finish(place.w + other, other, otherSum[3], there.w);", ""],
      ["select(CHANNEL_LANES, 1u, GROUPED)", "1u"],
      ["let image = vec4<i32>(n) * size.x;", "let image = vec4<i32>(n) * size.y;"],
    ],
    [["finish(place.y + column,", "finish(column,"]],
  ),
  ...kernel(
    "conv2d_staged",
    [
      ["finish(place + mine, mine,", "finish(place + mine, 0u,"],
      ["let there = inside && k < params.inChunks;", "let there = inside;"],
      ["further < params.outChunks", "further <= params.outChunks"],
      ["finish(place + further, further, other[p],", "finish(place + further, further, sum[p],"],
    ],
    [["finish(place + mine,", "finish(mine,"]],
  ),
  {
    file: shader("conv2d_staged"),
    find: "image < params.batch && all(at",
    replace: "all(at",
    tests: KERNELS,
    named: "^conv2d_staged, .*forward",
    equivalent:
      "what it stages of pixels beyond the batch goes into sums of theirs alone, which are never written",
  },
  ...each(
    [shader("conv2d_incremental")],
    INCREMENTAL,
    [
      ["activated(acc[p][j], column[j])", "acc[p][j]"],
      ["all(at < vec2<i32>(params.inSize))", "all(at <= vec2<i32>(params.inSize))"],
      ["let tap = vec2<i32>(ky, kx) * params.dilation;", "let tap = vec2<i32>(ky, kx);"],
    ],
    "conv2d_incremental, ",
  ),
  ...each(
    [shader("conv2d_incremental_subgroups")],
    INCREMENTAL,
    [
      ["activated(acc[p][j], column)", "acc[p][j]"],
      ["all(at < vec2<i32>(params.inSize))", "all(at <= vec2<i32>(params.inSize))"],
    ],
    "conv2d_incremental_subgroups, ",
  ),
  ...each(
    [shader("conv2d_incremental_quads")],
    INCREMENTAL,
    [
      ["activated(sum, column)", "sum"],
      ["fourPixelsOf(dirty, row, col)", "row * size.y + col"],
      ["if (!live || column", "if (column"],
      ["store(item.y, other, otherSum[1], live.y);", ""],
    ],
    "conv2d_incremental_quads, ",
  ),
  ...each(
    [shader("depthwise_conv2d_incremental")],
    INCREMENTAL,
    [
      ["activated(sum, channel)", "sum"],
      ["fourPixelsOf(dirty, row, col)", "row * size.y + col"],
    ],
    "depthwise_conv2d_incremental",
  ),
  ...each([shader("conv2d_statistics")], STATISTICS, [
    ["activate(acc[p][j] + bias)", "acc[p][j] + bias"],
    ["summarise(index, strip,", "summarise(index, 0u,"],
    ["if (BIAS && there)", "if (false)"],
  ]),
  ...each([shader("conv2d_subgroups_statistics")], STATISTICS, [
    ["summarise(thread, strip,", "summarise(thread, 0u,"],
    ["activate(acc[p][j] + bias)", "acc[p][j] + bias"],
  ]),
  ...each(
    [shader("depthwise_conv2d")],
    ["layers/depthwise-conv2d.test.ts", "layers/fused-gradient.test.ts"],
    [
      ["begin + 2u < params.outSize.y);", "true);"],
      ["row >= 0 && row < i32(params.inSize.x)", "row >= 0 && row <= i32(params.inSize.x)"],
      ["begin + 3u < params.outSize.y", "begin + 3u <= params.outSize.y"],
      ["select(channel / params.multiplier, channel * params.multiplier, BACKWARD)", "channel"],
    ],
  ),
  ...each(["src/layers/convolution.ts"], OPS, [
    ["accumulate: Number(accumulate),\n        },", "accumulate: 0,\n        },"],
    ["b: b ?? w, a:", "b: w, a:"],
    ["Math.ceil((shape[2] ?? 1) / phases[1])", "Math.floor((shape[2] ?? 1) / phases[1])"],
  ]),
  ...["conv2d", "conv2d_quads", "conv2d_staged", "conv2d_subgroups"].flatMap((name) =>
    each(
      [shader(name)],
      ["layers/conv2d.test.ts"],
      [["* params.inStride + begin", "* params.inStride"]],
      "cut",
    ),
  ),
  ...["conv2d_incremental", "conv2d_incremental_quads", "conv2d_incremental_subgroups"].flatMap((name) =>
    each(
      [shader(name)],
      INCREMENTAL,
      [["* params.inStride + begin", "* params.inStride"]],
      `^convolutions ${name}, in groups`,
    ),
  ),
  ...each(
    ["src/layers/tiling.ts"],
    ["layers/conv2d.test.ts"],
    [
      ["largestDivisor(width / chunk, most)", "most"],
      ["[16, 8].find((size) => width % size === 0) ?? 4", "block"],
      ["&& apart", ""],
    ],
  ),
  ...each(["src/layers/conv2d.ts"], OPS, [["tapsBackward(window, before))", "tapsForward(window, before))"]]),
  ...each(["src/layers/packed-layer.ts"], OPS, [["Math.floor(c / cin) * depth + d", "d"]]),
  ...each(["src/layers/convolution.ts"], OPS, [
    ["dilation: [-down, -right]", "dilation: [-1, -1]"],
    ["offset: before, phases", "offset: [before[1], before[0]], phases"],
    ["phases: strides", "phases: [strides[0], strides[0]]"],
    ["offset: [-top, -left]", "offset: [-left, -top]"],
  ]),
  ...each(
    ["src/layers/conv2d-transpose.ts"],
    ["layers/conv2d-transpose.test.ts"],
    [
      ["const group = Math.floor((Math.floor(at / outputs) % inputs) / perGroup);", "const group = 0;"],
      ["backwardRun(site, tapsForward(window, before))", "backwardRun(site, tapsBackward(window, before))"],
      ["[spread.top, spread.left]", "[spread.left, spread.top]"],
    ],
  ),
  ...each(
    ["src/layers/conv2d-transpose.ts"],
    ["layers/facts.test.ts"],
    [["(at + before[axis] - tap * dilation)", "(at - tap * dilation)"]],
    "conv2dTranspose",
  ),
  ...["conv2d_incremental", "conv2d_incremental_subgroups"].flatMap((name) =>
    each([shader(name)], INCREMENTAL, [["at /= params.phases;", ""]], `^convolutions ${name}, transposed`),
  ),
  ...each(
    [shader("conv2d_incremental_quads")],
    INCREMENTAL,
    [["row /= params.phases.x;", "row /= params.phases.y;"]],
    "^convolutions conv2d_incremental_quads, transposed",
  ),
];
