import { InputError, ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { formatShape, type Shape } from "../../gpu/tensor.ts";
import type { Layer } from "../../graph/graph.ts";
import type { InputLayer } from "../../layers/input.ts";
import { assertAddressable, type Build, type BuildOptions, buildCalls } from "./build-calls.ts";
import { usesChannelsFirst } from "./channels-first.ts";
import { countLayers, type DeclaredShape, type KerasModel, type Reference } from "./topology.ts";

export interface GraphOptions extends BuildOptions {
  /** Name of the output that is asked, which may not be left out. Default: the first. */
  readonly output?: string | undefined;
  readonly inputShape?: readonly [number, number, number] | undefined;
}

/** Layers that are built at most to find out which of several outputs can be had. */
const MOST_TRIED = 200_000;

/** Channels of an input, at most. */
const MOST_CHANNELS = 2 ** 14;

/**
 * Turns a Keras model into layers in order, nested models in line.
 * @throws ModelError when it contradicts itself.
 * @throws UnsupportedError naming the layer and what Vitrine does not have, unless only further outputs need it.
 */
export async function buildLayers(
  model: KerasModel,
  options: GraphOptions,
  who: string,
): Promise<BuiltLayers> {
  const shape = inputShape(model, options.inputShape, who);
  const further = model.furtherShapes ?? new Map<string, DeclaredShape | undefined>();
  const inputs = model.inputs.map(({ layer: name }): InputLayer => {
    const own = further.has(name) ? furtherShape(name, further.get(name), shape, who) : shape;
    return { op: "input", name, inputs: [], shape: own };
  });
  if (inputs.length === 0) throw new ModelError(`${who}: expected an input, got none`);
  const withOutputs = async (wanted: readonly Reference[]): Promise<Omit<BuiltLayers, "leftOut">> => {
    const started: Build = {
      ...options,
      layers: [...inputs],
      shapes: new Map(inputs.map(({ name, shape }) => [name, [1, ...shape]])),
      channelsFirst: usesChannelsFirst(model),
      channelsLast: new Set(
        inputs.flatMap(({ name, shape }) => (model.channelsFirst && shape.length === 3 ? [name] : [])),
      ),
    };
    const names = inputs.map(({ name }) => name);
    const outputs = await buildCalls(started, model, names, wanted, { prefix: "", path: [], who });
    return { layers: started.layers, outputs: [...new Set(outputs)] };
  };
  const reasons = new Map<string, string>();
  const [first, ...rest] = [...model.outputs].sort(
    (a, b) => Number(b.layer === options.output) - Number(a.layer === options.output),
  );
  try {
    return { ...(await withOutputs(model.outputs)), leftOut: {} };
  } catch (error) {
    const work = rest.length * countLayers(model);
    if (!(error instanceof UnsupportedError) || !first || rest.length === 0 || work > MOST_TRIED) throw error;
  }
  // One that is asked must be there; others may go.
  await withOutputs([first]);
  for (const reference of rest) {
    await withOutputs([reference]).catch((error: unknown) => {
      if (!(error instanceof UnsupportedError)) throw error;
      reasons.set(reference.layer, error.message);
    });
  }
  const left = await withOutputs(model.outputs.filter(({ layer }) => !reasons.has(layer)));
  return { ...left, leftOut: Object.fromEntries(reasons) };
}

/** A model's layers in order. */
export interface BuiltLayers {
  readonly layers: readonly Layer[];
  /** Names of the layers that hold the outputs. */
  readonly outputs: readonly string[];
  /** Outputs that need what Vitrine does not have, beside one that does not, each with the reason. */
  readonly leftOut: Readonly<Record<string, string>>;
}

/** The shape of an input beside the one that is asked. What it leaves free of a picture is as large as that one. */
function furtherShape(name: string, declared: DeclaredShape | undefined, asked: Shape, who: string): Shape {
  const shape = declared?.map((axis, i) => axis ?? (declared.length === asked.length ? asked[i] : undefined));
  if (!shape?.every((axis) => axis !== undefined)) {
    const got = declared?.map((axis) => axis ?? "?").join("×") ?? "none";
    throw new ModelError(`${who}: expected an input "${name}" of fixed size, got ${got}`);
  }
  assertAddressable(shape, who);
  return shape;
}

/** [H, W, C] that the model declares or the caller gives; H×W images become H×W×1. A vector, or one number, is as declared. */
function inputShape(
  model: KerasModel,
  given: readonly [number, number, number] | undefined,
  who: string,
): Shape {
  const declared = model.inputShape;
  if (declared && declared.length < 2 && !given) return furtherShape("input", declared, [], who);
  const remedy = "give options.inputShape as [height, width, channels]";
  if (!declared && !given) throw new ModelError(`${who}: expected an input shape, got none; ${remedy}`);
  const [h, w, c = 1, ...rest] = given ?? declared ?? [];
  if (h === undefined || w === undefined || rest.length > 0) {
    throw new UnsupportedError(
      `${who}: expected an input of height×width×channels, got ${formatShape((declared ?? []).map(Number))}`,
    );
  }
  if (h === null || w === null || c === null) {
    throw new ModelError(
      `${who}: expected an input of fixed size, got ${declared?.map((axis) => axis ?? "?").join("×")}; ${remedy}`,
    );
  }
  if (given && declared && declared.length === 3 && typeof declared[2] === "number" && declared[2] !== c) {
    throw new InputError(`${who}: expected options.inputShape with ${declared[2]} channels, got ${c}`);
  }
  assertAddressable([h, w, c], who);
  if (c > MOST_CHANNELS) {
    throw new ModelError(`${who}: expected an input of at most ${MOST_CHANNELS} channels, got ${c}`);
  }
  return [h, w, c];
}
