import { each, type Mutant } from "./mutant.ts";

const ONNX = ["models/onnx/read-model.test.ts"];

const GRAPH = ["models/tfjs-graph/graph-model.test.ts"];
const GRAPH_OPERATORS = ["models/tfjs-graph/operators.test.ts"];

/** Mistakes in the readers of model files. */
export const MODELS: readonly Mutant[] = [
  ...each(["src/models/onnx/wire.ts"], ONNX, [
    ['if (before !== undefined) throw new Error("it stands twice");', ""],
    ["if (got !== expected)", "if (false)"],
    ["if (++this.#values > MOST_VALUES)", "if (false)"],
    ["before.push(got === wire ? reader.skip(wire) : reader.bytes());", "before.push(reader.bytes());"],
  ]),
  ...each(["src/models/onnx/tensor.ts"], ONNX, [
    ["(half ^ 8) - 8", "half"],
    ["i % 2 ? 4 : 0", "i % 2 ? 0 : 4"],
    ["size >= 0 && size <= MOST_VALUES", "size <= MOST_VALUES"],
    ["if (rawData.length !== bytes)", "if (rawData.length < bytes)"],
    ["if (found !== stored)", "if (found > stored)"],
    ["numbers[i] = reader.uint32();", "numbers[i] = reader.sint32();"],
    ["offset += run.length;", ""],
  ]),
  ...each(["src/models/onnx/external-data.ts"], ONNX, [
    ["if (got >= least) return;", "return;"],
    ["file.bytes.slice(offset, offset + length)", "file.bytes.slice(0, length)"],
    ["Math.max(file.least, offset + length)", "offset + length"],
    ["/^([a-z][a-z\\d+.-]*:|[/\\\\])/i", "/^[a-z]*:/i"],
  ]),
  ...each(["src/models/onnx/read-model.ts"], ONNX, [
    ["if (irVersion < OLDEST)", "if (irVersion <= OLDEST)"],
    ['domain === "ai.onnx" ? "" : domain', "domain"],
    ["message.type ? (", "true ? ("],
    ["size ?? (parameter || null)", "size ?? null"],
  ]),
  ...each(
    ["src/models/keras/channels-first.ts"],
    ["models/channels-first.test.ts"],
    [
      ["axes[0] === 1 ||", ""],
      ["? [height, width, channels] : shape", "? [width, height, channels] : shape"],
      [
        'if (className === "Activation") return !isSoftmax(config);',
        'if (className === "Activation") return true;',
      ],
      ["channelsLast ? FIRST : LAST", "channelsLast ? LAST : FIRST"],
      ["const order = becomesFirst ? [1, 2, 3] : dims;", "const order = dims;"],
    ],
  ),
  ...each(["src/models/tfjs-graph/trace.ts"], GRAPH, [
    ["if (PLACES.includes(op)) return [placesLeftOff(call)];", ""],
    ["{ ...lost, source: undefined }", "lost"],
    ["const pictures = rest.length === 3 &&", "const pictures = false &&"],
    ["names.get(layer) === layer && !names.has(output)", "true"],
  ]),
  ...each(["src/models/tfjs-graph/trace.ts"], GRAPH_OPERATORS, [['batch === "any" ? 0 : undefined', "0"]]),
  ...each(["src/models/tfjs-graph/graph-model.ts"], GRAPH, [
    ["wanted ? [wanted] : outputs", "outputs"],
    ["first ? [0, 2, 3, 1] :", "false ? [0, 2, 3, 1] :"],
    ["batch !== undefined && batch !== null && batch !== 1", "false"],
  ]),
  ...each(["src/models/tfjs-graph/operators/pictures.ts"], GRAPH_OPERATORS, [
    ['const rounding = corners || centers ? "round-prefer-ceil" : "floor";', 'const rounding = "floor";'],
    ["Math.floor(cut / 2)", "Math.ceil(cut / 2)"],
    ["data[(tap * outputs + o) * inputs + i]", "data[(tap * inputs + i) * outputs + o]"],
    ["+ epsilon", ""],
    ["bias ? 3 : 2", "2"],
    [
      "before: axes.map((axis) => pairs[2 * axis] ?? 0)",
      "before: axes.map((axis) => pairs[2 * axis + 1] ?? 0)",
    ],
  ]),
  ...each(["src/models/tfjs-graph/operators/parts.ts"], GRAPH_OPERATORS, [
    ["step > 0 ? [0, length] : [-1, length - 1]", "[0, length]"],
    ["gone.push(axis);", ""],
    ["start += size;", ""],
    ["(step > 0 ? low : high) : within(begin)", "low : within(begin)"],
  ]),
  ...each(["src/models/tfjs-graph/operators/shapes.ts"], GRAPH_OPERATORS, [
    ["size % batch === 0 ? [axis] : []", "[axis]"],
  ]),
  ...each(["src/models/tfjs-graph/operators/products.ts"], GRAPH_OPERATORS, [
    ['sides(call, "adj_x", "adj_y")', 'sides(call, "adj_y", "adj_x")'],
    ['sides(call, "transpose_a", "transpose_b")', 'sides(call, "transpose_b", "transpose_a")'],
    ["reduced(lowering, x, mode, axes, keep)", "reduced(lowering, x, mode, axes, true)"],
  ]),
];
