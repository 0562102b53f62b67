import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { formatShape } from "../gpu/tensor.ts";
import { type Graph, type OutputRange, shapesOf } from "./graph.ts";

/** Tells whether these are two different finite numbers. */
export function isOutputRange(value: unknown): value is OutputRange {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] !== value[1];
}

/**
 * The range of a network that draws pictures: the one that is given, or else the one that its file declares.
 * @throws InputError where neither says it, or the one that is given cannot be.
 */
export function outputRangeOf(who: string, graph: Graph, given: OutputRange | undefined): OutputRange {
  const range = given ?? graph.outputRange;
  if (isOutputRange(range)) return range;
  const got = given === undefined ? `none, and the file of "${graph.name}" declares none` : describe(given);
  throw new InputError(
    `${who}: expected output to be the network's two numbers for black and for white, such as [-1, 1], got ${got}`,
  );
}

/** [H, W, C] of the picture that a network draws. @throws InputError when its output is none. */
export function drawnShape(
  who: string,
  graph: Graph,
): readonly [height: number, width: number, channels: number] {
  const shape = shapesOf(graph).get(graph.output)?.slice(1) ?? [];
  const [height, width, channels] = shape;
  if (shape.length === 3 && height && width && channels) return [height, width, channels];
  throw new InputError(
    `${who}: expected "${graph.name}" to give a picture [H, W, C], got ${formatShape(shape)}`,
  );
}
