import type { Command } from "../gpu/command.ts";
import { withScope } from "../gpu/scope.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { ReadInputs } from "../network/inputs.ts";
import type { Network } from "../network/network.ts";
import { createObjective } from "../objectives/commands.ts";
import type { Objective } from "../objectives/objective.ts";
import type { LoopOptions } from "../sampling/batches.ts";
import { createSampleLoop, runSamples } from "../sampling/samples.ts";
import { inTurnWithInputs } from "../techniques/answer.ts";
import { assertAnswer } from "../techniques/answer-checks.ts";

/** Options of a loop over changed images. */
export interface ScoresOptions extends LoopOptions {
  /** The values of the network's inputs beside the image, as it takes them. */
  readonly inputs?: ReadInputs | undefined;
}

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
  #inputs: ReadInputs = {};
  readonly #known = new Map<
    string,
    { readonly base: Float32Array | undefined; readonly scores: Float32Array }
  >();

  /**
   * The scores that are known already, or `make`'s.
   * @param asked `inputs`: values of the inputs beside the image; `of`: whatever decides them beside network, image, inputs and base; `base`: the values that take the place of
   * removed pixels, where any are.
   */
  async get(
    network: Network,
    asked: {
      readonly input: Float32Array;
      readonly inputs?: ReadInputs | undefined;
      readonly base?: Float32Array | undefined;
      readonly of: unknown;
    },
    make: () => Promise<Float32Array>,
  ): Promise<Float32Array> {
    const { input, inputs = {}, base, of } = asked;
    const names = Object.keys({ ...inputs, ...this.#inputs });
    const sameInputs = names.every((name) => same(inputs[name], this.#inputs[name]));
    if (network !== this.#network || !same(input, this.#input) || !sameInputs) {
      this.#known.clear();
      this.#network = network;
      this.#input = input.slice();
      this.#inputs = inputs;
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
  options: ScoresOptions,
): Promise<Float32Array> {
  const { device } = network;
  return inTurnWithInputs(network, options, (turn) =>
    withScope(device, "trust", async (scope) => {
      const asked = scope.own(await createObjective(turn, objective));
      const scores = scope.tensor([count], { label: "trust scores" });
      const site = { who: "trust", count, fill, questions: [{ objective: asked, scores }] };
      const loop = await createSampleLoop(turn, site, scope);
      const [found = new Float32Array()] = (await runSamples(turn, loop, [], options)).scores;
      await assertAnswer(turn, found, "the scores of changed images");
      return found;
    }),
  );
}
