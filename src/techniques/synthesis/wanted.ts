import { InputError } from "../../gpu/errors.ts";
import { assertFields, describe } from "../../gpu/options.ts";
import { asNhwc, formatShape } from "../../gpu/tensor.ts";
import { className, classOf, sideOf } from "../../graph/classes.ts";
import { type Graph, layerOf, shapesOf } from "../../graph/graph.ts";
import { headOf } from "../../graph/heads.ts";
import type { Target } from "../../network/network.ts";
import { meanOf, Objective } from "../../objectives/objective.ts";
import type { OfClass } from "../../objectives/term.ts";

/**
 * What a picture is made for: a class ({ class: "star" }), a channel or the mean of a layer ({ layer, channel }), one neuron
 * ({ layer, channel, y, x }), or any objective.
 */
export type Wanted = OfClass | Omit<Target, "image"> | Objective;

/** Something in a network that a picture is made for. */
export interface Unit {
  /** In words. */
  readonly name: string;
  /** By which the picture's random numbers are drawn: the channel or the class. */
  readonly number: number;
  /** Units of one group climb side by side. */
  readonly group: string;
  /** The class, where it is one. */
  readonly class?: number;
  /** The output that has the class. */
  readonly output?: string | undefined;
  /** What is to grow, for one image of a batch, or for all of them. */
  objective(image?: number): Objective;
}

/** @throws InputError for a class, layer, channel or place that the graph does not have. */
export function unitsOf(who: string, graph: Graph, asked: Wanted | readonly Wanted[] | undefined): Unit[] {
  const all: readonly unknown[] = Array.isArray(asked) ? asked : asked === undefined ? [] : [asked];
  if (all.length === 0) {
    throw new InputError(`${who}: expected a class, a layer or an objective to make a picture for, got none`);
  }
  return all.map((one, i) => unitOf(who, graph, one, i));
}

function unitOf(who: string, graph: Graph, wanted: unknown, place: number): Unit {
  if (wanted instanceof Objective) {
    return { name: `objective ${place}`, number: 0, group: `objective ${place}`, objective: () => wanted };
  }
  const fields = typeof wanted === "object" && wanted !== null ? (wanted as Partial<OfClass & Target>) : {};
  if (fields.class !== undefined) {
    assertFields(who, wanted as OfClass, { class: "must", output: "may" });
    return classUnit(graph, wanted as OfClass);
  }
  if (typeof fields.layer === "string") {
    const neurons = wanted as Omit<Target, "image">;
    assertFields(who, neurons, { layer: "must", channel: "may", y: "may", x: "may" });
    return neuronsUnit(who, graph, neurons);
  }
  throw new InputError(
    `${who}: expected a class, a layer or an objective to make a picture for, got ${describe(wanted)}`,
  );
}

function classUnit(graph: Graph, { class: target, output }: OfClass): Unit {
  const head = headOf(graph, output);
  const index = classOf(head, target);
  const { channel, sign } = sideOf(head, index);
  return {
    ...{ name: className(head, index), number: index, class: index, output, group: head.logits },
    objective: (image) => meanOf({ layer: head.logits, channel, image }).times(sign),
  };
}

function neuronsUnit(who: string, graph: Graph, { layer, channel, y, x }: Omit<Target, "image">): Unit {
  layerOf(graph, layer);
  const shape = shapesOf(graph).get(layer) ?? [];
  const [, height, width, channels] = asNhwc(shape);
  for (const [name, value, size] of [
    ["channel", channel, channels],
    ["y", y, height],
    ["x", x, width],
  ] as const) {
    if (value === undefined || (Number.isInteger(value) && value >= 0 && value < size)) continue;
    throw new InputError(
      `${who}: expected a ${name} of 0 to ${size - 1} in layer "${layer}" of ${formatShape(shape.slice(1))}, got ${describe(value)}`,
    );
  }
  const at = y === undefined && x === undefined ? "" : ` at ${y ?? "any"},${x ?? "any"}`;
  return {
    name: `${layer}${channel === undefined ? "" : ` channel ${channel}`}${at}`,
    number: channel ?? 0,
    group: channel === undefined ? `${layer}, all` : `${layer}${at}`,
    objective: (image) => meanOf({ layer, channel, y, x, image }),
  };
}

/** All channels of a layer, each by itself: a wall of dreams. @throws InputError for a layer that there is not. */
export function channelsOf(graph: Graph, layer: string): Wanted[] {
  layerOf(graph, layer);
  const channels = shapesOf(graph).get(layer)?.at(-1) ?? 0;
  return Array.from({ length: channels }, (_, channel) => ({ layer, channel }));
}

/** Units of one group, whose pictures climb side by side: each number once. */
export function groupsOf(units: readonly Unit[]): Unit[][] {
  const groups = new Map<string, Unit[]>();
  for (const unit of units) {
    // A unit that was asked for twice climbs twice.
    const again = units.filter(({ group, number }) => group === unit.group && number === unit.number);
    const key = `${unit.group} ${again.indexOf(unit)}`;
    groups.set(key, [...(groups.get(key) ?? []), unit]);
  }
  return [...groups.values()];
}
