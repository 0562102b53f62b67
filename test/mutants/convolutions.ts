import { each, type Mutant } from "./mutant.ts";

const shader = (name: string): string => `shaders/${name}.wgsl`;
const KERNELS = ["layers/convolution-kernels.test.ts"];
const WINDOWS = ["layers/window-kernels.test.ts"];
const STATISTICS = ["kernels/conv2d-statistics.test.ts"];
const OPS = ["layers/conv2d.test.ts", "layers/convolution-kernels.test.ts"];

type Change = readonly [find: string, replace: string];

/** Mistakes in a convolution kernel, on its way forward and on its way backward. */
function kernel(name: string, forward: readonly Change[], backward: readonly Change[]): Mutant[] {
  return [
    ...each([shader(name)], KERNELS, forward, `^${name}, .*forward`),
    ...each([shader(name)], KERNELS, backward, `^${name}, .*backward`),
  ];
}

/** In what a kernel does with a sum before it writes it; the blocks themselves have their mutants in blocks.ts. */
const ACTIVATED: Change = ["z = activate(z);", ""];
const PASSED: readonly Change[] = [
  ["z = throughActivation(z, fusedRule(), place + column);", ""],
  ["fusedRule(), place + column", "fusedRule(), column"],
  ["if (ACCUMULATE)", "if (false)"],
];

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
      ACTIVATED,
      ["if (BIAS)", "if (false)"],
      ["row < vec4<i32>(size.x)", "row <= vec4<i32>(size.x)"],
      ["let left = vec4<i32>(c) * params.scale.y;", "let left = vec4<i32>(c) * params.scale.x;"],
      ["put(place.w, other, otherSum[3], live.w);", ""],
      ["let other = column + CHANNEL_LANES;", "let other = column + 1u;"],
      ["let image = vec4<i32>(n) * size.x;", "let image = vec4<i32>(n) * size.y;"],
    ],
    PASSED,
  ),
  ...kernel(
    "conv2d_staged",
    [
      ACTIVATED,
      ["if (BIAS)", "if (false)"],
      ["let there = inside && k < params.inChunks;", "let there = inside;"],
      ["column >= params.outChunks", "column > params.outChunks"],
      [
        "put(place, mine + CHANNEL_LANES, other[p], live);",
        "put(place, mine + CHANNEL_LANES, sum[p], live);",
      ],
    ],
    PASSED,
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
    [shader("window_conv2d")],
    WINDOWS,
    [
      ["] = activate(z);", "] = z;"],
      ["if (BIAS)", "if (false)"],
      ["all(at < vec2<i32>(params.inSize))", "all(at <= vec2<i32>(params.inSize))"],
      ["let tap = vec2<i32>(ky, kx) * params.dilation;", "let tap = vec2<i32>(ky, kx);"],
    ],
    "window_conv2d, ",
  ),
  ...each(
    [shader("window_conv2d_subgroups")],
    WINDOWS,
    [
      ["] = activate(z);", "] = z;"],
      ["all(at < vec2<i32>(params.inSize))", "all(at <= vec2<i32>(params.inSize))"],
    ],
    "window_conv2d_subgroups, ",
  ),
  ...each(
    [shader("window_conv2d_quads")],
    WINDOWS,
    [
      ["] = activate(z);", "] = z;"],
      ["if (BIAS)", "if (false)"],
      ["(right < width)", "(right <= width)"],
      ["begin + down * width + right", "begin + down * height + right"],
      ["if (!live || column", "if (column"],
      ["store(item.y, other, otherSum[1], live.y);", ""],
    ],
    "window_conv2d_quads, ",
  ),
  ...each(
    [shader("window_depthwise_conv2d")],
    WINDOWS,
    [
      ["] = activate(z);", "] = z;"],
      ["if (BIAS)", "if (false)"],
    ],
    "window_depthwise",
  ),
  ...each([shader("conv2d_statistics")], STATISTICS, [
    ["v == 0.0", "v <= 0.0"],
    ["activate(acc[p][j] + bias)", "acc[p][j] + bias"],
    ["high = max(high, v);", "high = max(high, abs(v));"],
    ["let offset = sum / f32(count);", "let offset = sum / f32(LANES * PIXELS);"],
    ["if (BIAS && there)", "if (false)"],
  ]),
  ...each([shader("conv2d_subgroups_statistics")], STATISTICS, [
    ["v == 0.0", "v <= 0.0"],
    ["activate(acc[p][j] + bias)", "acc[p][j] + bias"],
  ]),
  ...each(
    [shader("depthwise_conv2d")],
    ["layers/depthwise-conv2d.test.ts", "layers/gate.test.ts"],
    [
      ACTIVATED,
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
  ...each(["src/layers/conv2d.ts"], OPS, [
    ["dilation: [-layer.dilations[0], -layer.dilations[1]]", "dilation: [-1, -1]"],
    ["offset: [top, left],", "offset: [left, top],"],
    ["phases: layer.strides,", "phases: [layer.strides[0], layer.strides[0]],"],
    ["offset: [-top, -left]", "offset: [-left, -top]"],
  ]),
];
