import { each, type Mutant } from "./mutant.ts";

const shader = (name: string): string => `shaders/${name}.wgsl`;
const KERNELS = ["ops/convolution-kernels.test.ts"];
const WINDOWS = ["ops/window-kernels.test.ts"];
const STATISTICS = ["ops/conv2d-statistics.test.ts"];
const OPS = ["ops/convolution-kernels.test.ts", "ops/conv2d.test.ts"];

/** Mistakes in what every convolution kernel does with a sum before it writes it. */
export const CONVOLUTIONS: readonly Mutant[] = [
  ...each(["conv2d", "conv2d_subgroups"].map(shader), KERNELS, [
    ["case 1u: { return max(z, Out(0.0)); }", "case 1u: { return z; }"],
    ["clamp(z, Out(0.0), Out(6.0))", "max(z, Out(0.0))"],
    ["select(params.alpha * z, z, z > Out(0.0))", "select(params.alpha * z, z, z < Out(0.0))"],
    ["exp(-z)", "exp(z)"],
    ["tanh(clamp(z", "(clamp(z"],
    ["select(Out(), open, v < Out(6.0))", "open"],
    ["v < Out(6.0)", "v <= Out(6.0)"],
    ["let open = select(Out(), Out(1.0), v > Out());", "let open = select(Out(), Out(1.0), v >= Out());"],
    ["return v * (Out(1.0) - v);", "return v * (Out(1.0) + v);"],
    ["Out(1.0) - v * v", "Out(1.0) - v"],
    ["z += y[place[p]", "z = y[place[p]"],
    ["if (ACCUMULATE)", "if (false)"],
    ["if (rule <= 1u)", "if (rule <= 2u)"],
    ["if (rule == 1u || rule == 2u)", "if (rule == 1u)"],
    ["all(at >= vec2<i32>(0))", "all(at > vec2<i32>(0))"],
  ]),
  ...each([shader("conv2d")], KERNELS, [
    ["      if (BIAS) {", "      if (false) {"],
    ["corner[p] = vec2<i32>(q) * params.scale;", "corner[p] = vec2<i32>(q);"],
    ["&& all(position < params.outSize)", ""],
    ["        row += params.inChunks * IN;\n        continue;", "        continue;"],
  ]),
  ...each(["conv2d_quads", "conv2d_staged"].map(shader), KERNELS, [
    ["case 1u: { return max(z, vec4<f32>(0.0)); }", "case 1u: { return z; }"],
    ["clamp(z, vec4<f32>(0.0), vec4<f32>(6.0))", "max(z, vec4<f32>(0.0))"],
    ["exp(-z)", "exp(z)"],
    ["select(params.alpha * z, z, z > vec4<f32>(0.0))", "z"],
    ["select(vec4<f32>(), open, v < vec4<f32>(6.0))", "open"],
    ["if (BIAS)", "if (false)"],
    ["if (ACCUMULATE)", "if (false)"],
    ["z *= slope(a[place + column]);", "z *= slope(a[column]);"],
    ["rules[params.slot]", "rules[0]"],
  ]),
  ...each([shader("conv2d_quads")], KERNELS, [
    ["row < vec4<i32>(size.x)", "row <= vec4<i32>(size.x)"],
    ["let left = vec4<i32>(c) * params.scale.y;", "let left = vec4<i32>(c) * params.scale.x;"],
    ["put(place.w, other, otherSum[3], live.w);", ""],
    ["let other = column + CHANNEL_LANES;", "let other = column + 1u;"],
    ["let image = vec4<i32>(n) * size.x;", "let image = vec4<i32>(n) * size.y;"],
  ]),
  ...each([shader("conv2d_staged")], KERNELS, [
    ["let there = inside && k < params.inChunks;", "let there = inside;"],
    ["image < params.batch && all(at", "all(at"],
    ["column >= params.outChunks", "column > params.outChunks"],
    ["put(place, mine + CHANNEL_LANES, other[p], live);", "put(place, mine + CHANNEL_LANES, sum[p], live);"],
  ]),
  ...each(["window_conv2d", "window_conv2d_subgroups"].map(shader), WINDOWS, [
    ["case 1u: { return max(z, Out(0.0)); }", "case 1u: { return z; }"],
    ["clamp(z, Out(0.0), Out(6.0))", "max(z, Out(0.0))"],
    ["exp(-z)", "exp(z)"],
    ["if (BIAS)", "if (false)"],
    ["all(at < vec2<i32>(params.inSize))", "all(at <= vec2<i32>(params.inSize))"],
    ["let tap = vec2<i32>(ky, kx) * params.dilation;", "let tap = vec2<i32>(ky, kx);"],
    ["all(local < size)", "all(local <= size)"],
  ]),
  ...each([shader("window_conv2d_quads")], WINDOWS, [
    ["case 1u: { return max(z, vec4<f32>(0.0)); }", "case 1u: { return z; }"],
    ["exp(-z)", "exp(z)"],
    ["if (BIAS)", "if (false)"],
    ["(right < width)", "(right <= width)"],
    ["begin + down * width + right", "begin + down * height + right"],
    ["if (!live || column", "if (column"],
    ["store(item.y, other, otherSum[1], live.y);", ""],
  ]),
  ...each([shader("window_depthwise_conv2d")], WINDOWS, [
    ["exp(-z)", "exp(z)"],
    ["if (BIAS)", "if (false)"],
  ]),
  ...each(["conv2d_statistics", "conv2d_subgroups_statistics"].map(shader), STATISTICS, [
    ["v == 0.0", "v <= 0.0"],
    ["case 1u: { return max(z, Out(0.0)); }", "case 1u: { return z; }"],
    ["exp(-z)", "exp(z)"],
    ["high = max(high, v);", "high = max(high, abs(v));"],
    ["let offset = sum / f32(count);", "let offset = sum / f32(LANES * PIXELS);"],
    ["if (BIAS && there)", "if (false)"],
  ]),
  ...each(
    [shader("depthwise_conv2d")],
    ["ops/depthwise-conv2d.test.ts", "ops/gate.test.ts"],
    [
      ["exp(-z)", "exp(z)"],
      ["row >= 0 && row < i32(params.inSize.x)", "row >= 0 && row <= i32(params.inSize.x)"],
      ["begin + 3u < params.outSize.y", "begin + 3u <= params.outSize.y"],
      ["select(channel / params.multiplier, channel * params.multiplier, BACKWARD)", "channel"],
    ],
  ),
  ...each(["src/ops/conv2d.ts"], OPS, [
    ["accumulate: Number(accumulate),\n        },", "accumulate: 0,\n        },"],
    ["b: b ?? w, a:", "b: w, a:"],
    ["dilation: [-layer.dilations[0], -layer.dilations[1]]", "dilation: [-1, -1]"],
    ["offset: [top, left],", "offset: [left, top],"],
    ["phases: layer.strides,", "phases: [layer.strides[0], layer.strides[0]],"],
    ["offset: [-top, -left]", "offset: [-left, -top]"],
    ["Math.ceil((shape[2] ?? 1) / phases[1])", "Math.floor((shape[2] ?? 1) / phases[1])"],
  ]),
  ...each(["src/ops/window-conv2d.ts"], WINDOWS, [
    ["BIAS: Number(layer.b !== undefined),\n      ACTIVATION", "BIAS: 0,\n      ACTIVATION"],
    [
      "offset: [-top, -left],\n      ...listsOf(x, y),\n      inChunks: inChannels / input.size",
      "offset: [-left, -left],\n      ...listsOf(x, y),\n      inChunks: inChannels / input.size",
    ],
  ]),
];
