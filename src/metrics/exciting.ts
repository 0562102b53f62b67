import { recordCommands } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { withScope } from "../gpu/scope.ts";
import { readTensor, sizeOf } from "../gpu/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import { type Rectangle, receptiveField } from "../graph/receptive-field.ts";
import { type Picture, readInput } from "../images/picture.ts";
import type { Pixels } from "../images/pixels.ts";
import { deprocess } from "../images/preprocess.ts";
import type { Networks } from "../network/pool.ts";
import { createObjective } from "../objectives/commands.ts";
import type { Objective } from "../objectives/objective.ts";
import { layersOf } from "../objectives/terms-by-layer.ts";
import { submit } from "../techniques/submit.ts";
import { channelOf } from "./way.ts";

/** A natural picture with its name. */
export interface NaturalPicture {
  readonly name: string;
  readonly picture: Picture;
}

/** A natural picture that excites a target. */
export interface ExcitingPicture {
  readonly name: string;
  /** As the network saw it. */
  readonly picture: Pixels;
  readonly value: number;
  /** Of a channel: the row and column of the layer where it is strongest. */
  readonly place?: { readonly y: number; readonly x: number };
  /** What that place sees of the picture. */
  readonly sees?: Rectangle;
}

/** The most natural pictures that go through the network together. */
const TOGETHER = 16;

interface ExcitingOptions {
  readonly target: Objective;
  readonly most: number;
  readonly signal: AbortSignal | undefined;
}

/** A natural picture as the network takes it. */
export interface Seen {
  readonly name: string;
  readonly input: Float32Array;
  readonly value: number;
}

/** The natural pictures for which the target is largest, strongest first. */
export async function mostExciting(
  who: string,
  networks: Networks,
  naturals: Iterable<NaturalPicture> | AsyncIterable<NaturalPicture>,
  { target, most, signal }: ExcitingOptions,
): Promise<Seen[]> {
  const { device, graph } = networks;
  const asked = { keep: layersOf(target, graph), gradients: false };
  const batch = networks.batchWithin({ ...asked, most: TOGETHER });
  const network = await networks.temporary({ ...asked, batch });
  try {
    return await withScope(device, who, async ({ command }) => {
      const { score, values } = await command(createObjective(network, target));
      let strongest: Seen[] = [];
      const waiting: Omit<Seen, "value">[] = [];
      const run = async (): Promise<void> => {
        signal?.throwIfAborted();
        const some = waiting.splice(0);
        const joined = new Float32Array(sizeOf(network.input.shape));
        for (const [i, { input }] of some.entries()) joined.set(input, i * input.length);
        device.queue.writeBuffer(network.input.buffer, 0, joined);
        submit(network, (encoder) => {
          network.forward(encoder);
          recordCommands(encoder, [score]);
        });
        const all = await readTensor(device, values);
        const seen = some.map((one, i): Seen => {
          assertValue(who, all[i] ?? Number.NaN, `"${one.name}"`);
          return { ...one, value: all[i] ?? Number.NaN };
        });
        // Of equals the first stays: the sort is stable.
        strongest = [...strongest, ...seen].sort((a, b) => b.value - a.value).slice(0, most);
      };
      for await (const { name, picture } of naturals) {
        const input = await readInput(graph, picture);
        if (waiting.push({ name, input: input.slice() }) === batch) await run();
      }
      if (waiting.length > 0) await run();
      if (strongest.length > 0) return strongest;
      throw new InputError(`${who}: expected at least one natural picture, got none`);
    });
  } finally {
    network.destroy();
  }
}

/** What is said of a natural picture that excites a target. */
export function exciting(
  { name, input, value }: Seen,
  place: { readonly y: number; readonly x: number } | undefined,
  target: Objective,
  graph: Graph,
): ExcitingPicture {
  const picture = deprocess(input, graph);
  const channel = channelOf(target);
  if (!place || !channel) return { name, picture, value };
  const { inside } = receptiveField(graph, { layer: channel.layer, ...place });
  return { name, picture, value, place, sees: inside };
}

/** @throws InputError for a target that became NaN or infinite. */
export function assertValue(who: string, value: number, what: string): void {
  if (Number.isFinite(value)) return;
  throw new InputError(`${who}: expected a finite value of the target, got ${value} for ${what}`);
}
