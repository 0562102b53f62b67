import { each, type Mutant } from "./mutant.ts";

const of = (file: string, test: string, ...changes: readonly (readonly [string, string])[]): Mutant[] =>
  each([`src/${file}.ts`], [`${test}.test.ts`], changes);

/** What places of a layer see, followed back from a unit and forward from a patch. */
const SIGHT = ["graph/receptive-field.test.ts", "network/incremental.test.ts"];

const ofExplorer = (
  file: string,
  test: string,
  ...changes: readonly (readonly [string, string])[]
): Mutant[] => each([`demo/${file}.ts`], [`explorer/${test}.test.ts`], changes);

/** Mistakes in TypeScript: networks, ops, objectives, loops, techniques, metrics, models, images. */
export const CODE: readonly Mutant[] = [
  ...of(
    "graph/fuse",
    "graph/fusion",
    ["if (!taken || activationOf(before)) return undefined;", "if (!taken) return undefined;"],
    ["readers.get(before.name)?.length === 1", "true"],
  ),
  ...of(
    "network/memory",
    "network/memory",
    ["Math.floor(limit / largest)", "Math.ceil(limit / largest)"],
    [
      "Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize)",
      "device.limits.maxBufferSize",
    ],
    ["if (layout.buffers.get(name) === name) gradients += bytes;", "if (!isView(layer)) gradients += bytes;"],
    ["if (scratch) other += bytesOf(scratch.forward);", ""],
    ["readers.get(input)?.[1] ? 2 : 1", "1"],
    ["if (scratch) other += commands * bytesOf(scratch.backward);", ""],
    [
      "for (const { shape } of Object.values(opOf(layer).saved?.(layer, inputs) ?? {})) other += bytesOf(shape);",
      "",
    ],
  ),
  ...of(
    "network/backward-plan",
    "network/backward-plan",
    ["written.add(buffer);", ""],
    ["add: isWritten(into)", "add: false"],
    ["|| into === gradient", ""],
    ["!between.has(input) || ", ""],
    ["starts.has(name) || ", ""],
    ['own === "redirected" || gradients', "gradients"],
    ["reads: separate ? SCRATCH : gradient", "reads: gradient"],
    ["layers.toReversed()", "layers"],
  ),
  ...of(
    "network/gradient-layout",
    "network/backward-plan",
    ["isView(layer) && readers.get(input)?.length === 1", "isView(layer)"],
    [" && !kept.has(layer.name)", ""],
    ["others.length === 0 && ", ""],
    ["activated.length + index", "index"],
  ),
  ...of(
    "network/weights",
    "network/pool",
    ["known !== undefined && (known.gradients || !gradients)", "known !== undefined"],
    ["if (there) return [name, there];", ""],
    ["for (const { buffer } of created) buffer.destroy();", ""],
    ["return this.#count++;", "return 0;"],
  ),
  ...of(
    "network/pool",
    "network/pool",
    ["if (held + total <= this.#memory) return;", "return;"],
    ["!(await known).isDestroyed", "(await known)"],
    ["for (const network of this.#live.splice(0)) network.destroy();", ""],
    ["JSON.stringify([number, batch,", "JSON.stringify([batch,"],
  ),
  ...of("graph/fuse", "network/pool", ["if (known) return { ...layer, ...known.after };", ""]),
  ...of(
    "layers/weighted",
    "graph/fusion",
    ["bottom: border.bottom + inner.bottom", "bottom: border.bottom + inner.top"],
    ["left: border.left + inner.left", "left: border.left + inner.right"],
    ['if (layer.padding === "same") return undefined;', ""],
    [
      "(layer.b?.data[channel] ?? 0) * (scale[channel] ?? 0) + shift",
      "(layer.b?.data[channel] ?? 0) + shift",
    ],
  ),
  ...of("graph/receptive-field", "graph/receptive-field", [
    "(source >= 0 && source < size)",
    "(source > 0 && source < size)",
  ]),
  ...of("layers/sight", "graph/receptive-field", [
    "at * stride - before + tap",
    "at * stride + before + tap",
  ]),
  ...of("layers/sight", "cases/multiply-gate", ["[repeated ? 0 : at]", "[at]"]),
  ...each(["src/layers/zero-pad.ts"], SIGHT, [
    [
      "const before = axis === 0 ? border.top : border.left;",
      "const before = axis === 0 ? border.left : border.top;",
    ],
  ]),
  ...each(["src/layers/concat.ts"], SIGHT, [
    ["const begin = x.slice(0, input)", "const begin = x.slice(0, 0)"],
  ]),
  ...each(["src/layers/upsample.ts"], SIGHT, [
    ["[Math.floor(source), Math.ceil(source)]", "[Math.floor(source)]"],
  ]),
  ...of(
    "graph/resize",
    "graph/resize",
    ["if (sizeOf(now) === sizeOf(before)) continue;", ""],
    ["(resize * Math.min(...after)) / shorter", "resize"],
  ),
  ...of("layers/lrn", "layers/facts", ["homogeneous: false", "homogeneous: true"]),
  ...of("layers/zero-pad", "layers/facts", ["withinInputs: false", "withinInputs: true"]),
  ...of("layers/multiply", "layers/facts", ["linear: false", "linear: true"]),
  ...of("layers/batch-norm", "layers/facts", ["pointwise: true", "pointwise: false"]),
  ...of("layers/concat", "layers/facts", ["y.length !== 4 || layer.axis", "layer.axis"]),
  ...of("layers/conv2d", "layers/facts", ["products: kh * kw * inputs", "products: kh * kw"]),
  ...of("network/incremental/dirty-regions", "network/incremental", [
    "end[source] = at + 1;",
    "end[source] = at;",
  ]),
  ...of("layers/broadcast", "cases/multiply-gate", [
    "return x.every((one) => formatShape(one) === formatShape(y));",
    "return x.length > 0 && y.length > 0;",
  ]),
  ...of("layers/activation-kinds", "techniques/lrp", [
    'title: "ReLU6",\n    stops: true,\n    homogeneous: false,\n    nonNegative: "always",\n    passesOrStops: false,',
    'title: "ReLU6",\n    stops: true,\n    homogeneous: false,\n    nonNegative: "always",\n    passesOrStops: true,',
  ]),
  ...of("relevance/redistribution", "cases/multiply-gate", [
    "return [own(sum), await product({ ...shared, c })];",
    "return [own(sum)];",
  ]),
  ...of(
    "layers/add",
    "layers/add",
    ["sizeOf(shape) < size ? 1 << term : 0", "sizeOf(shape) < size ? 1 : 0"],
    ["ACCUMULATE: Number(start > 0),", "ACCUMULATE: 0,"],
    ["activationCode(last ? layer.activation : undefined)", "activationCode(layer.activation)"],
  ),
  ...of("layers/broadcast", "layers/multiply", [
    "one.length === 2 ? [n, channels]",
    "one.length === 2 ? [n, whole[2] ?? 0]",
  ]),
  ...of("layers/multiply", "layers/multiply", [
    "const other = x[1 - input] ?? x[0];",
    "const other = x[input] ?? x[0];",
  ]),
  ...of(
    "layers/dense",
    "cases/big-dense",
    ["BIAS: Number(last && layer.b !== undefined)", "BIAS: Number(layer.b !== undefined)"],
    ["ACCUMULATE: Number(part > 0)", "ACCUMULATE: 0"],
    ["next += features;", "next += 1;"],
  ),
  ...of(
    "layers/constants",
    "cases/big-dense",
    ["Math.min(step, rows - part * step)", "step"],
    ["Math.min(maxBufferSize, maxStorageBufferBindingSize)", "maxBufferSize"],
  ),
  ...of(
    "layers/padding",
    "layers/padding",
    ["Math.floor(total / 2)", "Math.ceil(total / 2)"],
    ["(size - 1) * dilation + 1", "size * dilation"],
  ),
  ...of("layers/concat", "layers/concat", ["(shape[axis] ?? 0) * inner", "shape[axis] ?? 0"]),
  ...of("layers/pool", "layers/pool", ["before: [top, left],", "before: [left, top],"]),
  ...of(
    "layers/tiling",
    "layers/conv2d",
    ["channels > 8 ? 16", "channels >= 8 ? 16"],
    ["least === 8 && most === 8", "least === 8"],
    ["3 * idle(lanes) <= needed", "3 * idle(lanes) < needed"],
  ),
  ...of(
    "kernels/top-k",
    "kernels/top-k",
    ["Math.floor(pixel / columns), pixel % columns", "pixel % columns, Math.floor(pixel / columns)"],
    ["(perImage ? 1 : pixels)", "pixels"],
  ),
  ...of(
    "objectives/objective",
    "objectives/objectives",
    ["this.plus(other.times(-1))", "this.plus(other)"],
    ["weight: term.weight * factor", "weight: factor"],
  ),
  ...of("objectives/region", "objectives/objectives", ["const mask = masks.length;", "const mask = 0;"]),
  ...of("objectives/commands", "objectives/objectives", [
    "scoreInto(values, place > 0)",
    "scoreInto(values, false)",
  ]),
  ...of(
    "sampling/quadrature",
    "techniques/gradients",
    ["nodes[i] = (1 + x) / 2;", "nodes[i] = x / 2;"],
    ["1 / ((1 - x * x) * slope * slope)", "2 / ((1 - x * x) * slope * slope)"],
  ),
  ...of(
    "sampling/ridge",
    "techniques/masks",
    ["meanY - dot(coefficients, mean, 0)", "meanY"],
    ["spread > 0 ? 1 - missed / spread : 0", "1 - missed / spread"],
    ["(a[k * features + k] ?? 0) + alpha", "a[k * features + k] ?? 0"],
  ),
  ...of("sampling/samples", "techniques/budget", ["values.subarray(0, done - from)", "values"]),
  ...of("sampling/samples", "techniques/recorded", [
    "[position, ...made.flatMap(({ sums }) => sums)]",
    "[position]",
  ]),
  {
    file: "shaders/advance.wgsl",
    find: "min(params.batch, params.samples - min(first, params.samples))",
    replace: "params.batch",
    tests: ["techniques/gradients.test.ts"],
  },
  {
    file: "shaders/collect_scores.wgsl",
    find: "(position[0] + id.x) % arrayLength(&scores)",
    replace: "position[0] + id.x",
    tests: ["techniques/budget.test.ts"],
  },
  ...of(
    "sampling/budget",
    "techniques/budget",
    ["if (used + bytes <= most) return;", "if (used + bytes < most) return;"],
    ["used += bytes;", ""],
  ),
  ...of("techniques/attribution/integrated-gradients", "techniques/gradients", [
    "slope * ((image[i] ?? 0) - (start[i] ?? 0))",
    "slope * (image[i] ?? 0)",
  ]),
  ...of("techniques/attribution/smooth-grad", "techniques/gradients.golden", [
    "(squares[i] ?? 0) / samples",
    "(squares[i] ?? 0) / (samples - 1)",
  ]),
  ...of("techniques/attribution/rise", "techniques/masks.golden", [
    "value / (samples * keep)",
    "value / samples",
  ]),
  ...of("techniques/attribution/lime", "techniques/masks.golden", [
    "1 - Math.sqrt(shown / count)",
    "1 - shown / count",
  ]),
  ...of("techniques/attribution/cam", "techniques/cams", [
    "all[k * classes + channel]",
    "all[channel * channels + k]",
  ]),
  ...of("techniques/units/filter-combination", "techniques/filters", ["begin += channels;", ""]),
  ...of("layers/pool", "techniques/filters", ["value / taps", "value"]),
  ...of("layers/concat", "techniques/filters", ["{ first: site.begin }", "{}"]),
  ...of(
    "metrics/findings",
    "metrics/findings",
    ["Math.min(correlation, signed) >= from", "Math.min(correlation, signed) > from"],
    ["(value) => value >= own", "(value) => value > own"],
    ["muFidelity < POOR.muFidelity", "muFidelity <= POOR.muFidelity"],
    ["infidelity.relative > POOR.infidelity", "infidelity.relative >= POOR.infidelity"],
    ["sensitivity > POOR.sensitivity", "sensitivity >= POOR.sensitivity"],
  ),
  ...of(
    "metrics/correlation",
    "metrics/correlation",
    ["(first + end - 1) / 2", "first"],
    ["Number(flatA && flatB)", "0"],
  ),
  ...of("metrics/curves", "metrics/correlation", [
    "(curve.at(-1) ?? 0)) / 2) / (curve.length - 1)",
    "(curve.at(-1) ?? 0)) / 2) / curve.length",
  ]),
  ...of("metrics/fidelity", "metrics/golden", [
    "(scale * sum - (falls[i] ?? 0)) ** 2",
    "(sum - (falls[i] ?? 0)) ** 2",
  ]),
  ...of("metrics/importance", "metrics/trust", [
    "(importance[j] ?? 0) - (importance[i] ?? 0) || i - j",
    "(importance[j] ?? 0) - (importance[i] ?? 0) || j - i",
  ]),
  ...of("metrics/randomise", "metrics/golden", ["% (i + 1)", "% out.length"]),
  ...of(
    "dataset/statistics",
    "dataset/statistics",
    ["((delta[c] ?? 0) * b.count) / count", "((delta[c] ?? 0) * a.count) / count"],
    ["** 2 * a.count * (b.count / count)", "** 2 * (b.count / count)"],
    ["|| p.image - q.image", "|| q.image - p.image"],
    ["|| p.y - q.y", ""],
    ["|| p.x - q.x", "|| q.x - p.x"],
    ["count - Number(sample)", "count"],
  ),
  ...of(
    "images/quickshift",
    "images/quickshift",
    ["other === own && j < i", "other === own && j > i"],
    ["(other > own ||", "(other >= own ||"],
    ["s <= 0.04045", "s >= 0.04045"],
  ),
  ...of(
    "images/resample",
    "images/preprocess",
    ["Math.max(1, scale)", "scale"],
    ["(start + i + 0.5) * scale", "(start + i) * scale"],
  ),
  ...of("images/min-cut", "images/min-cut", [
    "residual[8 * (p + (steps[d] ?? 0)) + 7 - d]",
    "residual[8 * (p + (steps[d] ?? 0)) + d]",
  ]),
  ...of(
    "figures/drawn-map",
    "figures/drawn-map",
    ["{ max: maxOverColor, sum: sumOverColor }", "{ max: sumOverColor, sum: maxOverColor }"],
    ['drawing.signed === "as found" && low < 0', 'drawing.signed === "as found"'],
  ),
  ...of(
    "figures/lettering",
    "figures/lettering",
    ["if (textWidth(text, size, weight) <= width) return text;", "if (width > 0) return text;"],
    ["advance / 1000", "advance / 1200"],
    ['ATTACHED.test(character) ? "" : BOX', 'ATTACHED.test(character) ? "" : character'],
  ),
  ...of(
    "models/keras/weighted-layers",
    "models/topology",
    ['config.number("epsilon", 1e-3)', 'config.number("epsilon", 1e-5)'],
    ["(beta?.[c] ?? 0) - (mean[c] ?? 0) * scale", "(beta?.[c] ?? 0) + (mean[c] ?? 0) * scale"],
    ['config.flag("use_bias", true)', 'config.flag("use_bias", false)'],
  ),
  ...of(
    "models/keras/layers",
    "models/topology",
    ['config.pair("strides", size)', 'config.pair("strides", [1, 1])'],
    ["bottom: vertical?.[1]", "bottom: vertical?.[0]"],
    ["axis < 0 ? first.length + axis : axis", "Math.abs(axis)"],
  ),
  ...of(
    "models/keras/activations",
    "models/topology",
    ["config.number(key, 0.3)", "config.number(key, 0.2)"],
    ["const LEAKY = 0.2;", "const LEAKY = 0.3;"],
  ),
  ...of("cli/output", "cli/main", ["zeros += Number(value === 0);", "zeros += Number(value <= 0);"]),
  ...of("cli/exit-codes", "cli/process", ["STOPPED = 130", "STOPPED = 1"]),
  ...ofExplorer(
    "tasks/queue",
    "tasks",
    ["if (!signal.aborted) this.#results.set(key, result);", "this.#results.set(key, result);"],
    ["one.priority === priority && ", ""],
    ["if (!isOpen(this.progressOf(key))) return;", ""],
    ['if (signal.aborted && this.progressOf(key).stage === "working") this.#progress.delete(key);', ""],
    ["if (stop && !tasks.some((task) => task.key === key)) stop.abort();", ""],
    ["const run = this.#closed ? undefined : this.#next();", "const run = this.#next();"],
  ),
  ...ofExplorer(
    "state/store",
    "state",
    ["const next = admitted(", "const next = ("],
    ["set(another ? (", "set(!another ? ("],
  ),
  ...ofExplorer(
    "state/selection",
    "state",
    ["if (channel !== undefined) return { from: channel };", ""],
    ["y >= height || x >= width", "y >= width || x >= height"],
    ['put("channel", channel);', ""],
  ),
  ...ofExplorer(
    "why/color-ends",
    "why",
    ["drawnMap({ ...options, clip: 100 })", "drawnMap(options)"],
    ["max < largest", "max <= largest"],
  ),
];
