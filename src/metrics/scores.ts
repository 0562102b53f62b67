import type { Command } from "../gpu/command.ts";
import { withScope } from "../gpu/scope.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Network } from "../network/network.ts";
import { createObjective } from "../objectives/commands.ts";
import type { Objective } from "../objectives/objective.ts";
import type { LoopOptions } from "../sampling/batches.ts";
import { createSampleLoop, runSamples } from "../sampling/samples.ts";
import { assertAnswer } from "../techniques/answer-checks.ts";
/** Reports of a measure on the scores that it uses. */
export interface Watched {
  /** Called with the scores of the image and of its changed copies. */
  readonly onScores?: ((scores: ArrayLike<number>) => void) | undefined;
}

/** Number of samples that fill whole batches: what a plan of one row a sample needs, so that no kernel reads beyond it. */
export function wholeBatches({ batch }: Network, count: number): number {
  return Math.ceil(count / batch) * batch;
}

/**
 * Scores of changed images that no map decides: what a network says without some cells, or under noise. Techniques that are
 * judged on the same image share them. They are those of one image and network; another takes their place.
 */
export class SharedScores {
  #network: Network | undefined;
  #input: Float32Array = new Float32Array();
  readonly #known = new Map<
    string,
    { readonly base: Float32Array | undefined; readonly scores: Float32Array }
  >();

  /**
   * The scores that are known already, or `make`'s.
   * @param asked `of`: whatever decides them beside network, image and base; `base`: the values that take the place of
   * removed pixels, where any are.
   */
  async get(
    network: Network,
    asked: { readonly input: Float32Array; readonly base?: Float32Array | undefined; readonly of: unknown },
    make: () => Promise<Float32Array>,
  ): Promise<Float32Array> {
    const { input, base, of } = asked;
    if (network !== this.#network || !same(input, this.#input)) {
      this.#known.clear();
      this.#network = network;
      this.#input = input.slice();
    }
    const key = JSON.stringify(of);
    const known = this.#known.get(key);
    if (known && same(known.base, base)) return known.scores;
    const scores = await make();
    this.#known.set(key, { base: base?.slice(), scores });
    return scores;
  }
}

function same(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a === b || (a !== undefined && a.length === b?.length && a.every((value, i) => value === b[i]));
}

/** The objective of every sample that `fill` makes, as many at a time as the network's batch. */
export function scoresOf(
  network: Network,
  objective: Objective,
  count: number,
  fill: (position: Tensor) => Promise<Command>,
  options: LoopOptions,
): Promise<Float32Array> {
  const { device } = network;
  return network.inTurn(
    (turn) =>
      withScope(device, "trust", async (scope) => {
        const asked = scope.own(await createObjective(turn, objective));
        const scores = scope.tensor([count], { label: "trust scores" });
        const site = { who: "trust", count, fill, questions: [{ objective: asked, scores }] };
        const loop = await createSampleLoop(turn, site, scope);
        const [found = new Float32Array()] = (await runSamples(turn, loop, [], options)).scores;
        await assertAnswer(turn, found, "the scores of changed images");
        return found;
      }),
    options,
  );
}
