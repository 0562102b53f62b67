import { recordCommands } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import { all, withScope } from "../../gpu/scope.ts";
import { readTensors, sizeOf } from "../../gpu/tensor.ts";
import { type Picture, readInput } from "../../images/picture.ts";
import { assertInputsFixed } from "../../network/inputs.ts";
import type { Networks } from "../../network/pool.ts";
import { createObjective } from "../../objectives/commands.ts";
import { Objective } from "../../objectives/objective.ts";
import { layersOf } from "../../objectives/terms-by-layer.ts";
import { Draws } from "../../sampling/draws.ts";
import { assertPool } from "../robustness/attack-pictures.ts";
import { submit } from "../submit.ts";

/** A natural picture with its name. */
export interface NaturalPicture {
  readonly name: string;
  readonly picture: Picture;
}

/** Natural pictures, all at once or as they come: from a folder, say. */
export type NaturalPictures = Iterable<NaturalPicture> | AsyncIterable<NaturalPicture>;

/** A natural picture as the network takes it. */
export interface SeenPicture extends NaturalPicture {
  readonly picture: Float32Array;
}

/** A natural picture, and what a target made of it. */
export interface ValuedPicture extends SeenPicture {
  readonly value: number;
}

export interface ExcitingOptions {
  /** Number of pictures for each target, 1 to 4096. Default 9. */
  readonly most?: number | undefined;
  /** Number of pictures that are drawn from all, whatever they excite, 0 to 4096. Default 0. */
  readonly others?: number | undefined;
  /** Stops the work; the function then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const EXCITING: Fields<ExcitingOptions> = { most: "may", others: "may", signal: "may" };

/** What natural pictures excite. */
export interface ExcitingPictures {
  /** For each target the pictures for which it is largest, strongest first; of equals the first. */
  readonly strongest: readonly (readonly ValuedPicture[])[];
  /** Pictures drawn from all, each as likely as another. */
  readonly others: readonly SeenPicture[];
}

const WHO = "excitingPictures";
const MOST = 4096;
/** The most natural pictures that go through the network together. */
const TOGETHER = 16;

/**
 * Finds among natural pictures those that excite targets most. They go through the network once, in batches, for all targets
 * together; no more of them are held than are found.
 * @throws InputError for targets that the network does not have, options out of range, a picture that cannot be read, and where
 * there is no picture.
 * @example
 * const { strongest } = await excitingPictures(networks, [logit("star"), channelMean("conv3_3", 5)], naturals);
 */
export async function excitingPictures(
  networks: Networks,
  targets: readonly Objective[],
  naturals: NaturalPictures,
  options: ExcitingOptions = {},
): Promise<ExcitingPictures> {
  assertPool(WHO, networks);
  assertFields(WHO, options, EXCITING);
  const { most = 9, others: drawn = 0, signal } = options;
  for (const [name, count, least] of [
    ["most", most, 1],
    ["others", drawn, 0],
  ] as const) {
    if (Number.isInteger(count) && count >= least && count <= MOST) continue;
    throw new InputError(
      `${WHO}: expected ${name} to be a whole number of ${least} to ${MOST}, got ${describe(count)}`,
    );
  }
  const odd = targets.find((target) => !(target instanceof Objective));
  if (targets.length === 0 || odd !== undefined) {
    throw new InputError(
      `${WHO}: expected targets to be objectives, such as logit("star"), got ${describe(odd)}`,
    );
  }
  const { device, graph } = networks;
  assertInputsFixed(WHO, graph);
  const layers = new Set(targets.flatMap((target) => layersOf(target, graph)));
  const asked = { keep: [...layers], gradients: false };
  const batch = networks.batchWithin({ ...asked, most: TOGETHER });
  const network = await networks.temporary({ ...asked, batch });
  try {
    return await withScope(device, WHO, async ({ command }) => {
      const scores = await all(targets.map((target) => command(createObjective(network, target))));
      const strongest: ValuedPicture[][] = targets.map(() => []);
      const sample = new Sample<SeenPicture>(drawn);
      const run = async (some: readonly SeenPicture[]): Promise<void> => {
        signal?.throwIfAborted();
        const joined = new Float32Array(sizeOf(network.input.shape));
        for (const [i, { picture }] of some.entries()) joined.set(picture, i * picture.length);
        device.queue.writeBuffer(network.input.buffer, 0, joined);
        submit(network, (encoder) => {
          network.forward(encoder);
          recordCommands(
            encoder,
            scores.map(({ score }) => score),
          );
        });
        const read = await readTensors(
          device,
          scores.map(({ values }) => values),
        );
        for (const [t, values] of read.entries()) {
          const valued = some.map((one, i): ValuedPicture => {
            const value = values[i] ?? Number.NaN;
            assertValue(WHO, value, `"${one.name}"`);
            return { ...one, value };
          });
          // Of equals the first stays: the sort is stable.
          const best = [...(strongest[t] ?? []), ...valued].sort((a, b) => b.value - a.value);
          strongest[t] = best.slice(0, most);
        }
        for (const one of some) sample.offer(one);
      };
      let waiting: SeenPicture[] = [];
      let found = false;
      for await (const { name, picture } of naturals) {
        found = true;
        waiting.push({ name, picture: (await readInput(graph, picture)).slice() });
        if (waiting.length < batch) continue;
        await run(waiting);
        waiting = [];
      }
      if (!found) throw new InputError(`${WHO}: expected at least one natural picture, got none`);
      if (waiting.length > 0) await run(waiting);
      return { strongest, others: sample.kept };
    });
  } finally {
    network.destroy();
  }
}

/** Draws a number of things from a stream, each as likely as another (Vitter's algorithm R). */
class Sample<T> {
  readonly kept: T[] = [];
  readonly #most: number;
  readonly #draws = new Draws(0, 0);
  #offered = 0;

  constructor(most: number) {
    this.#most = most;
  }

  offer(one: T): void {
    this.#offered++;
    if (this.kept.length < this.#most) {
      this.kept.push(one);
      return;
    }
    const place = this.#draws.below(this.#offered);
    if (place < this.#most) this.kept[place] = one;
  }
}

/** @throws InputError for a target that became NaN or infinite. */
export function assertValue(who: string, value: number, what: string): void {
  if (Number.isFinite(value)) return;
  throw new InputError(`${who}: expected a finite value of the target, got ${value} for ${what}`);
}
