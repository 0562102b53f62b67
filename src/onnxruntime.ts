/**
 * Sessions of ONNX Runtime as black boxes.
 * @module vitrine/onnxruntime
 */
import "./gpu/platform.ts";
import { InputError, UnsupportedError } from "./gpu/errors.ts";
import { assertFields, describe, type Fields } from "./gpu/options.ts";
import { sizeOf } from "./gpu/tensor.ts";
import { type BlackBoxOptions, blackBox } from "./network/black-box.ts";
import type { Network } from "./network/network.ts";
import type { OutsideScores } from "./network/outside.ts";

/** A tensor of ONNX Runtime, as far as it is read. */
interface OrtTensor {
  readonly dims: readonly number[];
  getData(): Promise<unknown>;
}

/** A session of ONNX Runtime: of onnxruntime-web, onnxruntime-node, or alike. */
export interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata?: readonly {
    readonly name: string;
    readonly isTensor: boolean;
    readonly type?: unknown;
    readonly shape?: readonly (number | string)[];
  }[];
  run(feeds: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
}

/** The module that made the session, as far as it is used. */
export interface OrtModule {
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => unknown;
}

export interface SessionOptions extends Omit<BlackBoxOptions, "scores" | "input"> {
  /** The pictures that it takes, where the file leaves their size free. */
  readonly input?: BlackBoxOptions["input"] | undefined;
  /** Order of the axes of its pictures, and of scores at every place. Default: by where the file has 1 or 3 channels. */
  readonly layout?: "nchw" | "nhwc" | undefined;
  /** Name of the input that takes the picture. Default: the first of four axes. */
  readonly picture?: string | undefined;
  /** Tensors for its further inputs, by name, the same for every picture. */
  readonly feeds?: Readonly<Record<string, unknown>> | undefined;
  /** Name of the output that has the scores. Default: the first. */
  readonly output?: string | undefined;
}

const FIELDS: Fields<SessionOptions> = {
  ...{ input: "may", layout: ["nchw", "nhwc"], picture: "may", feeds: "may", output: "may" },
  ...{ outputs: "may", labels: "may", head: "may", probabilities: [true, false] },
  ...{ preprocessing: "may", batch: "may", name: "may" },
};

/**
 * Takes a session of ONNX Runtime in place of a network, as a {@link blackBox}: whatever it runs can be explained by what needs
 * scores only. The session stays the caller's, who releases it.
 * @param ort the module that made the session.
 * @throws InputError for options that do not fit the session; UnsupportedError for an input that does not take floats.
 * @example
 * import * as ort from "onnxruntime-web";
 * import { rise } from "vitrine";
 * import { fromSession } from "vitrine/onnxruntime";
 *
 * const session = await ort.InferenceSession.create("vit.onnx");
 * const box = await fromSession(device, ort, session, { preprocessing: "imagenet", head: "softmax" });
 * const { data } = await rise(box, picture, { samples: 1000 });
 */
export async function fromSession(
  device: GPUDevice,
  ort: OrtModule,
  session: OrtSession,
  options: SessionOptions = {},
): Promise<Network> {
  if (typeof ort?.Tensor !== "function" || typeof session?.run !== "function") {
    throw new InputError(
      `fromSession: expected ONNX Runtime's module and a session of it, got ${describe(ort)} and ${describe(session)}`,
    );
  }
  assertFields("fromSession", options, FIELDS);
  const { input, layout: wanted, picture, feeds = {}, output = session.outputNames[0], ...box } = options;
  if (output === undefined || !session.outputNames.includes(output)) {
    throw new InputError(
      `fromSession: expected an output of ${session.outputNames.join(", ")}, got "${output ?? "nothing"}"`,
    );
  }
  const { name, shape } = pictureInput(session, picture);
  const layout = wanted ?? layoutOf(shape, name);
  const size = input ?? sizeIn(shape, layout, name);
  const [height, width, channels] = "height" in size ? [size.height, size.width, size.channels ?? 3] : size;
  const [fixed] = shape;
  const most = typeof fixed === "number" && fixed > 0 ? fixed : undefined;
  const dims = (count: number): number[] =>
    layout === "nchw"
      ? [count, channels ?? 3, height ?? 1, width ?? 1]
      : [count, height ?? 1, width ?? 1, channels ?? 3];

  const run = async (batch: Float32Array, count: number): Promise<Float32Array> => {
    const whole = dims(most ?? count);
    const values = new Float32Array(sizeOf(whole));
    values.set(layout === "nchw" ? channelsFirst(batch, dims(count)) : batch);
    const found = await session.run({ ...feeds, [name]: new ort.Tensor("float32", values, whole) });
    const tensor = found[output] as OrtTensor;
    const data: unknown = await tensor.getData();
    if (!(data instanceof Float32Array)) {
      throw new UnsupportedError(
        `fromSession: expected floats from output "${output}", got ${describe(data)}`,
      );
    }
    const used = data.slice(0, (data.length / (most ?? count)) * count);
    return layout === "nchw" && tensor.dims.length === 4
      ? channelsLast(used, [count, ...tensor.dims.slice(1)])
      : used;
  };
  /** As many pictures at a time as the file allows. */
  const scores: OutsideScores = async (batch, count) => {
    const each = batch.length / count;
    const parts: Float32Array[] = [];
    for (let first = 0; first < count; first += most ?? count) {
      const images = Math.min(most ?? count, count - first);
      parts.push(await run(batch.subarray(first * each, (first + images) * each), images));
    }
    const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  return blackBox(device, { ...box, input: size, scores });
}

interface SessionInput {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

function pictureInput(
  { inputNames, inputMetadata = [] }: OrtSession,
  wanted: string | undefined,
): SessionInput {
  const described = inputNames.map((name) => ({ name, ...inputMetadata.find((one) => one.name === name) }));
  const found = described.find(({ name, shape }) =>
    wanted === undefined ? shape?.length === 4 : name === wanted,
  );
  const only = described.length === 1 ? described[0] : undefined;
  const input = found ?? (wanted === undefined ? only : undefined);
  if (!input) {
    throw new InputError(
      `fromSession: expected an input that takes a picture, of ${inputNames.join(", ")}, got "${wanted ?? "none"}"; name it with { picture }`,
    );
  }
  if (input.type !== undefined && input.type !== "float32") {
    throw new UnsupportedError(
      `fromSession: expected an input "${input.name}" of float32, got ${String(input.type)}`,
    );
  }
  return { name: input.name, shape: input.shape ?? [] };
}

function layoutOf([, second, , last]: SessionInput["shape"], name: string): "nchw" | "nhwc" {
  const isChannels = (axis: number | string | undefined): boolean => axis === 1 || axis === 3;
  if (isChannels(second) !== isChannels(last)) return isChannels(second) ? "nchw" : "nhwc";
  throw new InputError(
    `fromSession: expected 1 or 3 channels as the second or last axis of input "${name}", got ${String(second)} and ${String(last)}; give its layout`,
  );
}

function sizeIn(shape: SessionInput["shape"], layout: "nchw" | "nhwc", name: string): readonly number[] {
  const [, a, b, c] = shape;
  const size = layout === "nchw" ? [b, c, a] : [a, b, c];
  const whole = size.filter((axis) => typeof axis === "number" && axis > 0) as number[];
  if (whole.length === 3) return whole;
  throw new InputError(
    `fromSession: expected a size of input "${name}", which the file leaves free (${shape.join("×")}); give { input: { height, width } }`,
  );
}

/** [N, H, W, C] as [N, C, H, W]. */
function channelsFirst(values: Float32Array, [n = 1, c = 1, h = 1, w = 1]: readonly number[]): Float32Array {
  return moved(values, [n, h * w, c]);
}

/** [N, C, H, W] as [N, H, W, C]. */
function channelsLast(values: Float32Array, [n = 1, c = 1, h = 1, w = 1]: readonly number[]): Float32Array {
  return moved(values, [n, c, h * w]);
}

/** [n, rows, columns] as [n, columns, rows]. */
function moved(values: Float32Array, [n, rows, columns]: readonly [number, number, number]): Float32Array {
  const out = new Float32Array(values.length);
  for (let image = 0; image < n; image++) {
    const first = image * rows * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        out[first + column * rows + row] = values[first + row * columns + column] ?? 0;
      }
    }
  }
  return out;
}
