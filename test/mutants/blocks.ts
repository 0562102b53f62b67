import { each, type Mutant } from "./mutant.ts";

const block = (name: string): string[] => [`shaders/blocks/${name}.wgsl`];

/** Tests of the kernels that end in an activation. */
const FORWARD = [
  "layers/activation.test.ts",
  "layers/add.test.ts",
  "layers/batch-norm.test.ts",
  "layers/dense.test.ts",
  "layers/depthwise-conv2d.test.ts",
  "layers/convolution-kernels.test.ts",
  "layers/incremental-kernels.test.ts",
  "kernels/conv2d-statistics.test.ts",
];

/** Tests of the kernels behind which the gradient of an activation is fused. */
const FUSED = ["layers/fused-gradient.test.ts", "layers/convolution-kernels.test.ts"];
const BACKWARD = ["layers/activation.test.ts", ...FUSED];
const INCREMENTAL_KERNELS = ["layers/incremental-kernels.test.ts"];
const INCREMENTAL = [...INCREMENTAL_KERNELS, "network/incremental.test.ts"];

/** Mistakes in what several kernels share, with all the tests that should notice them. */
export const BLOCKS: readonly Mutant[] = [
  ...each(
    block("cosine_of_images"),
    ["objectives/own-terms.test.ts"],
    [
      ["image * params.views + entry % params.views", "image * params.views"],
      ["any(squares <= vec2<f32>(0.0))", "false"],
    ],
  ),
  ...each(
    block("axes"),
    ["layers/permute.test.ts", "layers/reduce.test.ts"],
    [
      ["axes.moreSizes[", "axes.sizes["],
      ["rest /= size;", ""],
    ],
  ),
  ...each(
    block("image_slices"),
    ["optimise/regularisers/regularisers.test.ts"],
    [
      ["number % params.slices * params.slice", "0u"],
      ["number / params.slices", "0u"],
    ],
  ),
  ...each(
    block("reduction_thread"),
    ["layers/reduce.test.ts", "layers/normalization.test.ts"],
    [
      ["select(thread % LANES, thread / SHARERS, ELEMENTS_FIRST)", "thread % LANES"],
      ["min(first + params.slice, params.length)", "params.length"],
    ],
  ),
  ...each(
    block("reduction"),
    ["layers/reduce.test.ts"],
    [
      ["exp(x - known)", "exp(x)"],
      ["COMBINE == BY_SUM || COMBINE == BY_PRODUCT", "true"],
      ["known + log(value)", "log(value)"],
      ["f32(COMBINE == BY_PRODUCT)", "0.0"],
    ],
  ),
  ...each(
    block("repeated_place"),
    ["layers/pad.test.ts"],
    [
      ["-place - again", "-place"],
      ["clamp(place, 0, size - 1)", "clamp(place, 0, size)"],
    ],
  ),
  ...each(block("axis_of_eight"), ["layers/slice.test.ts"], [["axis >= 4u", "axis > 4u", 2]]),
  ...each(block("activation"), FORWARD, [
    ["case 1u: { return select(z, Value(), z <= Value()); }", "case 1u: { return z; }"],
    ["select(z, Value(6.0), z >= Value(6.0))", "z"],
    ["select(params.alpha * z, z, z > Value())", "select(params.alpha * z, z, z < Value())"],
    ["Value(1.0) / (Value(1.0) + exp(-z))", "Value(1.0) / (Value(1.0) + exp(z))"],
    ["tanh(z)", "z"],
  ]),
  ...each(
    block("activation"),
    ["layers/activation.test.ts"],
    [
      ["params.alpha * expMinusOne(z)", "expMinusOne(z)"],
      ["SELU_FALL * expMinusOne(z)", "expMinusOne(z)"],
      ["let line = params.alpha * z + BETA;", "let line = params.alpha * z;"],
      ["select(exp(z) - Value(1.0), near,", "select(exp(z) - Value(1.0), exp(z) - Value(1.0),"],
      ["select(log(Value(1.0) + v), near,", "select(log(Value(1.0) + v), log(Value(1.0) + v),"],
    ],
  ),
  ...each(block("activation"), FORWARD, [
    ["select(z, Value(params.alpha), z <= Value(params.alpha))", "z"],
    ["Value(BETA), z >= Value(BETA)", "z, z >= Value(BETA)"],
  ]),
  ...each(
    block("activation_apart"),
    ["layers/activation.test.ts"],
    [
      ["z / (Value(1.0) + exp(-z))", "z / (Value(1.0) + exp(z))"],
      ["v * (Value(1.0) - sigmoid)", "v * sigmoid"],
      ["normal(v) + near", "normal(v) - near"],
      ["0.134145", "0.044715"],
      ["near * rest * sigmoid", "near * rest"],
      ["over * over", "over"],
      ["risen, Value(GAMMA)", "risen, Value(BETA)"],
      ["case 31u, 32u, 33u, 34u: { return Value(); }", "case 31u, 32u, 33u, 34u: { return Value(1.0); }"],
      ["1.28379166e-1", "1.284e-1"],
      ["Value(0.09678418)", "Value(0.0978)"],
      ["exp(min(z, Value(15.0)))", "exp(z)"],
    ],
  ),
  ...each(block("activation_slope"), BACKWARD, [
    [
      "let open = select(Value(), Value(1.0), v > Value());",
      "let open = select(Value(), Value(1.0), v >= Value());",
    ],
    ["select(Value(), open, v < Value(6.0))", "open"],
    ["v < Value(6.0)", "v <= Value(6.0)"],
    ["return v * (Value(1.0) - v);", "return v * (Value(1.0) + v);"],
    ["Value(1.0) - v * v", "Value(1.0) - v"],
  ]),
  ...each(
    block("activation_slope"),
    ["layers/activation.test.ts"],
    [
      ["v + Value(params.alpha)", "Value(params.alpha)"],
      ["select(Value(), params.alpha * open, v < Value(1.0))", "params.alpha * open"],
      ["-expMinusOne(-v)", "-expMinusOne(v)"],
    ],
  ),
  ...each(block("activation_slope"), BACKWARD, [[", v < Value(BETA));", ", v < Value(1e9));"]]),
  ...each(
    block("backward_rule"),
    [...BACKWARD, "kernels/guided-relu.test.ts"],
    [
      ["if (rule == GUIDED || rule == DECONVNET)", "if (rule == GUIDED)"],
      ["rule == GUIDED || rule == DECONVNET", "rule == DECONVNET"],
    ],
  ),
  ...each(block("fused_activation_gradient"), FUSED, [
    ["if (rule == GRADIENT || rule == GUIDED)", "if (rule <= DECONVNET)"],
    ["slope(a[at])", "slope(a[0])"],
    ["rules[params.slot]", "rules[0]"],
  ]),
  ...each(block("dirty_rectangle"), INCREMENTAL, [
    ["all(local < size)", "all(local <= size)"],
    ["(right < rects.width)", "(right <= rects.width)"],
    ["rects.begin + down * rects.width", "rects.begin + down * rects.height"],
    ["local.x * size.y + local.y", "local.x * size.x + local.y"],
    ["at.x * i32(params.inSize.y) + at.y", "at.x * i32(params.inSize.x) + at.y"],
  ]),
  ...each(
    block("random"),
    ["techniques/masks.golden.test.ts", "techniques/gradients.golden.test.ts", "metrics/golden.test.ts"],
    [["747796405u", "747796403u"]],
  ),
  ...each(block("gaussian"), ["techniques/gradients.golden.test.ts"], [["1.41421356 *", ""]]),
  ...each(block("random"), ["kernels/sampling.test.ts"], [["2u * (bits >> 8u) + 1u", "2u * (bits >> 8u)"]]),
  ...each(
    block("every_index"),
    ["kernels/objective-gradient.test.ts", "objectives/objectives.test.ts", "techniques/occlusion.test.ts"],
    [["0xffffffffu", "0xfffffffeu"]],
  ),
  ...each(block("objective_term"), ["techniques/heads.test.ts"], [["1.0 + exp(-clamp", "1.0 + exp(clamp"]]),
  ...each(
    block("workgroup_reduction"),
    ["layers/softmax.test.ts", "objectives/objectives.test.ts"],
    [
      ["reduced[thread] += reduced[thread + stride];", ""],
      ["max(reduced[thread], reduced[thread + stride])", "reduced[thread]"],
    ],
  ),
  ...each(
    block("convolution_output"),
    [...INCREMENTAL_KERNELS, ...FUSED, "layers/depthwise-conv2d.test.ts"],
    [
      ["z += b[column];", ""],
      ["return activate(z);", "return z;"],
    ],
  ),
  ...each(
    block("convolution_output"),
    [...FUSED, "layers/depthwise-conv2d.test.ts"],
    [
      ["fusedRule(), at", "fusedRule(), column"],
      ["if (ACCUMULATE)", "if (false)"],
    ],
  ),
  ...each(
    block("weight_matrix"),
    ["layers/convolution-kernels.test.ts", "layers/incremental-kernels.test.ts"],
    [
      ["w[first + 3u * stride]", "w[first + 2u * stride]"],
      ["weights * v.w", "weights * v.z"],
    ],
  ),
  ...each(
    block("strip_statistics"),
    ["kernels/conv2d-statistics.test.ts"],
    [
      ["v == 0.0", "v <= 0.0"],
      ["high = max(high, v);", "high = max(high, abs(v));"],
      ["let offset = sum / f32(count);", "let offset = sum / f32(LANES * PIXELS);"],
    ],
  ),
  ...each(
    block("pool_windows"),
    ["layers/pool.test.ts", "layers/fused-gradient.test.ts"],
    [
      ["at >= extent", "at > extent"],
      ["min(at / params.strides + 1u, params.outSize)", "at / params.strides + 1u"],
      ["(step - 1 - start) / step", "-start / step"],
      ["params.inSize + params.after", "params.inSize"],
      ["min(params.window, (left", "max(params.window, (left"],
      ["cells = (cells + params.dilation - 1u) / params.dilation;", ""],
      ["max(start, vec2<i32>(0))", "start"],
    ],
  ),
  ...each(
    block("pixel_strips"),
    ["layers/multiply.test.ts", "layers/pool.test.ts", "kernels/gram.test.ts"],
    [["for (var s = 1u;", "for (var s = 2u;"]],
  ),
  ...each(
    block("channel_neighbourhood"),
    ["layers/lrn.test.ts", "network/incremental.test.ts"],
    [["channel + params.after + 1u", "channel + params.after"]],
  ),
  ...each(
    block("bilinear"),
    [
      "layers/resize.test.ts",
      "network/incremental.test.ts",
      "techniques/masks.golden.test.ts",
      "techniques/cams.golden.test.ts",
    ],
    [["min(low + 1u, last)", "low"]],
  ),
  ...each(
    block("operator"),
    ["layers/binary.test.ts"],
    [
      ["return select(select(0.0, 0.5, a == b), 1.0, a < b);", "return select(0.0, 1.0, a <= b);"],
      ["return -a / b / b;", "return a / b / b;"],
      ["odd && a < 0.0", "false"],
      ["select(product, 1.0 / product, b < 0.0)", "product"],
      ["if (a == 0.0 && b >= 0.0)", "if (false)"],
      ["a < b || !(a == a)", "a < b"],
    ],
  ),
  ...each(
    block("repeated_axes"),
    ["layers/binary.test.ts", "layers/multiply.test.ts"],
    [
      ["rest % here.x * here.yzw", "rest * here.yzw"],
      ["axis > first; axis--", "axis > 0u; axis--"],
    ],
  ),
  ...each(block("tile_pair"), ["kernels/gram.test.ts"], [["tile - column * (column + 1u) / 2u", "tile"]]),
  ...each(block("outer_product"), ["kernels/gram.test.ts"], [["vec4<f32>(a.w)", "vec4<f32>(a.z)"]]),
];
