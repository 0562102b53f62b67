import { each, type Mutant } from "./mutant.ts";

const ONNX = ["models/onnx/read-model.test.ts"];

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
];
