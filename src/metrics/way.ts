import { recordCommands } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { build, type Owner } from "../gpu/scope.ts";
import { readTensor } from "../gpu/tensor.ts";
import { type Graph, inputOf, layerOf, shapesOf } from "../graph/graph.ts";
import { ancestorsOf } from "../graph/traverse.ts";
import { createStatistics, createStatisticsSummary, readStatistics } from "../kernels/statistics.ts";
import { createTopK, createTopKBuffer, readTopK } from "../kernels/top-k.ts";
import type { Network } from "../network/network.ts";
import { createObjective } from "../objectives/commands.ts";
import type { Objective } from "../objectives/objective.ts";
import type { ElementsTerm } from "../objectives/terms.ts";
import { submit, writeInput } from "../techniques/submit.ts";
import type { Way } from "./naturalness.ts";

/** Fewer channels have no order to speak of. */
const LEAST_CHANNELS = 3;

/** The layers of a way that ends with some: all that these depend on, the image apart, with three channels or more. */
export function layersOfWay(graph: Graph, ends: readonly string[]): string[] {
  const shapes = shapesOf(graph);
  const input = inputOf(graph).name;
  return ancestorsOf(graph.layers, ends)
    .map(({ name }) => name)
    .filter((name) => name !== input && (shapes.get(name)?.at(-1) ?? 0) >= LEAST_CHANNELS);
}

/** @throws InputError for a layer that there is not, or that has no three channels. */
export function assertLayersOfWay(who: string, graph: Graph, layers: readonly string[]): void {
  const shapes = shapesOf(graph);
  if (layers.length === 0) throw new InputError(`${who}: expected at least one layer, got none`);
  for (const layer of layers) {
    const channels = shapes.get(layerOf(graph, layer).name)?.at(-1) ?? 0;
    if (channels >= LEAST_CHANNELS) continue;
    throw new InputError(
      `${who}: expected layers of at least ${LEAST_CHANNELS} channels to compare their order, got "${layer}" of ${channels}`,
    );
  }
}

/** One picture on its way. */
export interface Passed {
  /** The objective. */
  readonly value: number;
  readonly way: Way;
  /** Where the channel that is asked is strongest. */
  readonly place?: { readonly y: number; readonly x: number };
}

/** Sends one picture after another through a network. */
export interface Passage extends Owner {
  /** @param input as the network takes it. */
  pass(input: Float32Array): Promise<Passed>;
}

/**
 * Makes a network of batch 1 ready to tell the ways of pictures.
 * @param layers whose channel means are compared; the network keeps them, and those of the objective.
 */
export function createPassage(
  network: Network,
  target: Objective,
  layers: readonly string[],
): Promise<Passage> {
  const { device } = network;
  return build(device, "way through the network", async ({ own, command }) => {
    const asked = await command(createObjective(network, target));
    const channel = channelOf(target);
    const summaries = new Map(
      layers.map((layer) => {
        const x = network.activation(layer);
        const summary = createStatisticsSummary(device, x.shape.at(-1) ?? 0);
        own(summary.buffer);
        return [layer, { x, summary }] as const;
      }),
    );
    const commands = await Promise.all(
      Array.from(summaries.values(), ({ x, summary }) =>
        command(createStatistics(device, { x, summary, accumulate: false })),
      ),
    );
    const strongest = channel && {
      ...channel,
      x: network.activation(channel.layer),
      top: createTopKBuffer(device, network.activation(channel.layer).shape.at(-1) ?? 0, 1),
    };
    if (strongest) {
      own(strongest.top.buffer);
      const { x, top } = strongest;
      commands.push(await command(createTopK(device, { x, top, k: 1, accumulate: false })));
    }
    return {
      async pass(input: Float32Array): Promise<Passed> {
        writeInput(network, input);
        submit(network, (encoder) => {
          network.forward(encoder);
          recordCommands(encoder, [asked.score, ...commands]);
        });
        const [values, found, top] = await Promise.all([
          readTensor(device, asked.values),
          Promise.all(
            Array.from(summaries, async ([layer, { summary }]) => {
              return [layer, await readStatistics(device, summary)] as const;
            }),
          ),
          strongest && readTopK(device, strongest.top, strongest.x.shape),
        ]);
        const statistics = new Map(found);
        const entry = strongest && top?.channels[strongest.channel]?.[0];
        return {
          value: values[0] ?? Number.NaN,
          way: new Map(layers.map((layer) => [layer, statistics.get(layer)?.mean ?? []])),
          ...(entry ? { place: { y: entry.y, x: entry.x } } : {}),
        };
      },
    };
  });
}

/** The channel that an objective is, where it is one, with all its places. */
export function channelOf({
  terms,
}: Objective): { readonly layer: string; readonly channel: number } | undefined {
  const [term, ...others] = terms;
  if (!term || others.length > 0 || term.of !== "sum" || term.weight <= 0) return undefined;
  const { layer, channel, y, x } = (term as ElementsTerm).target;
  return channel === undefined || y !== undefined || x !== undefined ? undefined : { layer, channel };
}
