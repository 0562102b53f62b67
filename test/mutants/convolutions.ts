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

/** The same for kernels whose values are of a type. */
const activation = (type: string): Change[] => [
  [`case 1u: { return select(z, ${type}(0.0), z <= ${type}(0.0)); }`, "case 1u: { return z; }"],
  [`select(z, ${type}(6.0), z >= ${type}(6.0))`, "z"],
  ["exp(-z)", "exp(z)"],
];
const slope = (type: string): Change[] => [
  [`select(${type}(), open, v < ${type}(6.0))`, "open"],
  ["if (rule == 1u || rule == 2u)", "if (rule == 1u)"],
  ["if (ACCUMULATE)", "if (false)"],
];

/** Mistakes in what every convolution kernel does with a sum before it writes it. */
export const CONVOLUTIONS: readonly Mutant[] = [
  ...kernel(
    "conv2d",
    [
      ...activation("Out"),
      ["select(params.alpha * z, z, z > Out(0.0))", "select(params.alpha * z, z, z < Out(0.0))"],
      ["tanh(z)", "z"],
      ["      if (BIAS) {", "      if (false) {"],
      ["corner[p] = vec2<i32>(q) * params.scale;", "corner[p] = vec2<i32>(q);"],
      ["all(at >= vec2<i32>(0))", "all(at > vec2<i32>(0))"],
      ["z += y[place[p]", "z = y[place[p]"],
    ],
    [
      ...slope("Out"),
      ["v < Out(6.0)", "v <= Out(6.0)"],
      ["let open = select(Out(), Out(1.0), v > Out());", "let open = select(Out(), Out(1.0), v >= Out());"],
      ["return v * (Out(1.0) - v);", "return v * (Out(1.0) + v);"],
      ["if (rule <= 1u)", "if (rule <= 2u)"],
      ["&& all(position < params.outSize)", ""],
      ["        row += params.inChunks * IN;\n        continue;", "        continue;"],
    ],
  ),
  ...kernel(
    "conv2d_subgroups",
    [...activation("Out"), ["bias = b[column];", ""]],
    [...slope("Out"), ["Out(1.0) - v * v", "Out(1.0) - v"]],
  ),
  ...kernel(
    "conv2d_quads",
    [
      ...activation("vec4<f32>"),
      ["select(params.alpha * z, z, z > vec4<f32>(0.0))", "z"],
      ["if (BIAS)", "if (false)"],
      ["row < vec4<i32>(size.x)", "row <= vec4<i32>(size.x)"],
      ["let left = vec4<i32>(c) * params.scale.y;", "let left = vec4<i32>(c) * params.scale.x;"],
      ["put(place.w, other, otherSum[3], live.w);", ""],
      ["let other = column + CHANNEL_LANES;", "let other = column + 1u;"],
      ["let image = vec4<i32>(n) * size.x;", "let image = vec4<i32>(n) * size.y;"],
    ],
    [
      ...slope("vec4<f32>"),
      ["z *= slope(a[place + column]);", "z *= slope(a[column]);"],
      ["rules[params.slot]", "rules[0]"],
    ],
  ),
  ...kernel(
    "conv2d_staged",
    [
      ...activation("vec4<f32>"),
      ["if (BIAS)", "if (false)"],
      ["let there = inside && k < params.inChunks;", "let there = inside;"],
      ["column >= params.outChunks", "column > params.outChunks"],
      [
        "put(place, mine + CHANNEL_LANES, other[p], live);",
        "put(place, mine + CHANNEL_LANES, sum[p], live);",
      ],
    ],
    [...slope("vec4<f32>"), ["z *= slope(a[place + column]);", "z *= slope(a[column]);"]],
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
      ...activation("Out"),
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
      ["exp(-z)", "exp(z)"],
      ["all(local < size)", "all(local <= size)"],
    ],
    "window_conv2d_subgroups, ",
  ),
  ...each(
    [shader("window_conv2d_quads")],
    WINDOWS,
    [
      ["case 1u: { return select(z, vec4<f32>(0.0), z <= vec4<f32>(0.0)); }", "case 1u: { return z; }"],
      ["exp(-z)", "exp(z)"],
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
      ["exp(-z)", "exp(z)"],
      ["if (BIAS)", "if (false)"],
    ],
    "window_depthwise",
  ),
  ...each([shader("conv2d_statistics")], STATISTICS, [
    ["v == 0.0", "v <= 0.0"],
    ["case 1u: { return select(z, Out(0.0), z <= Out(0.0)); }", "case 1u: { return z; }"],
    ["exp(-z)", "exp(z)"],
    ["high = max(high, v);", "high = max(high, abs(v));"],
    ["let offset = sum / f32(count);", "let offset = sum / f32(LANES * PIXELS);"],
    ["if (BIAS && there)", "if (false)"],
  ]),
  ...each([shader("conv2d_subgroups_statistics")], STATISTICS, [
    ["v == 0.0", "v <= 0.0"],
    ["exp(-z)", "exp(z)"],
  ]),
  ...each(
    [shader("depthwise_conv2d")],
    ["layers/depthwise-conv2d.test.ts", "layers/gate.test.ts"],
    [
      ["exp(-z)", "exp(z)"],
      ["row >= 0 && row < i32(params.inSize.x)", "row >= 0 && row <= i32(params.inSize.x)"],
      ["begin + 3u < params.outSize.y", "begin + 3u <= params.outSize.y"],
      ["select(channel / params.multiplier, channel * params.multiplier, BACKWARD)", "channel"],
    ],
  ),
  ...each(["src/layers/conv2d.ts"], OPS, [
    ["accumulate: Number(accumulate),\n        },", "accumulate: 0,\n        },"],
    ["b: b ?? w, a:", "b: w, a:"],
    ["dilation: [-layer.dilations[0], -layer.dilations[1]]", "dilation: [-1, -1]"],
    ["offset: [top, left],", "offset: [left, top],"],
    ["phases: layer.strides,", "phases: [layer.strides[0], layer.strides[0]],"],
    ["offset: [-top, -left]", "offset: [-left, -top]"],
    ["Math.ceil((shape[2] ?? 1) / phases[1])", "Math.floor((shape[2] ?? 1) / phases[1])"],
  ]),
];
