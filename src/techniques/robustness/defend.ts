import { InputError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import type { InputOptions } from "../../network/inputs.ts";
import type { Networks } from "../../network/pool.ts";
import { LOOP, type LoopOptions } from "../../sampling/batches.ts";
import { type Prediction, predictEach } from "../predict.ts";
import type { Attack } from "./attack.ts";
import { assertPool } from "./attack-pictures.ts";
import { type Defence, usualDefences } from "./defences.ts";
import { headUnderAttack } from "./goal.ts";

export interface DefendOptions extends LoopOptions, InputOptions {
  /** The output that was attacked, by name. Default: the graph's `output`. */
  readonly output?: string | undefined;
}

/** A picture and its attacked copy behind a defence. */
export interface Defended {
  /** The network's answer to the attacked picture behind the defence. */
  readonly attacked: Prediction;
  /** Its answer to the picture itself behind the defence: what the defence costs where nobody attacks. */
  readonly clean: Prediction;
  /** True if the attacked picture has its class again. */
  readonly restored: boolean;
  /** True if the picture itself keeps its class. */
  readonly kept: boolean;
}

/** What a defence does to attacks. */
export interface DefenceResult {
  readonly defence: string;
  /** For each attack, in order. */
  readonly pictures: readonly Defended[];
  /** Share of the attacks that had succeeded whose pictures have their class again; NaN where none had. */
  readonly restored: number;
  /** Share of the pictures that keep their class behind the defence where nobody attacks. */
  readonly kept: number;
}

const FIELDS: Fields<DefendOptions> = { ...{ ...LOOP }, output: "may", inputs: "may" };

/** The most pictures at a time. */
const MOST = 16;

/**
 * Measures what defences restore: the network's answers to attacked pictures, and to the pictures themselves, each changed before
 * the network sees it. The attacks did not know of the defence; one that does may pass it, so that this is the best that a defence can
 * claim (Athalye et al. 2018, arXiv:1802.00420).
 * @throws InputError when there is no attack.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { defend, medianDefence, pgd } from "vitrine/robustness";
 *
 * const networks = createNetworks(device, graph);
 * const attacks = await pgd(networks, [picture]);
 * for (const { defence, restored, kept } of await defend(networks, attacks, [medianDefence(3)])) {
 *   console.log(defence, restored, kept);
 * }
 * networks.destroy();
 * ```
 */
export async function defend(
  networks: Networks,
  attacks: readonly Attack[],
  defences: readonly Defence[] = usualDefences(),
  options: DefendOptions = {},
): Promise<DefenceResult[]> {
  assertPool("defend", networks);
  assertFields("defend", options, FIELDS);
  for (const [name, list] of Object.entries({ attacks, defences })) {
    if (Array.isArray(list) && list.length > 0) continue;
    throw new InputError(`defend: expected a list of ${name}, got ${describe(list)}`);
  }
  const { output, signal, inputs } = options;
  const head = headUnderAttack("defend", networks.graph, output);
  const hasClass = (predictions: readonly Prediction[], label: number): boolean =>
    head.scores === "softmax" || head.classes === 2
      ? predictions[0]?.index === label
      : (predictions.find(({ index }) => index === label)?.probability ?? 0) > 0.5;
  const forwardOnly = { keep: [], gradients: false, reuseBuffers: true };
  const batch = networks.batchWithin({ ...forwardOnly, most: Math.min(MOST, 2 * attacks.length) });
  const network = await networks.temporary({ ...forwardOnly, batch });
  try {
    const results: DefenceResult[] = [];
    for (const [i, defence] of defences.entries()) {
      const answers: Prediction[][] = [];
      const pictures = picturesBehind(defence, attacks);
      const asked = { output, signal, inputs, top: Number.POSITIVE_INFINITY };
      for await (const predictions of predictEach(network, pictures, asked)) answers.push(predictions);
      const found = attacks.map(({ label }, n): Defended => {
        const [attacked = [], clean = []] = answers.slice(2 * n, 2 * n + 2);
        return {
          attacked: attacked[0] as Prediction,
          clean: clean[0] as Prediction,
          restored: hasClass(attacked, label),
          kept: hasClass(clean, label),
        };
      });
      const succeeded = found.filter((_, n) => attacks[n]?.succeeded);
      results.push({
        defence: defence.name,
        pictures: found,
        restored: shareOf(succeeded, ({ restored }) => restored),
        kept: shareOf(found, ({ kept }) => kept),
      });
      options.onProgress?.((i + 1) / defences.length);
    }
    return results;
  } finally {
    network.destroy();
  }
}

/** Each attacked picture and its original behind a defence, in turn. */
async function* picturesBehind(defence: Defence, attacks: readonly Attack[]) {
  for (const { picture, original } of attacks) {
    yield await defence.apply(picture);
    yield await defence.apply(original);
  }
}

function shareOf(all: readonly Defended[], is: (one: Defended) => boolean): number {
  return all.filter(is).length / all.length;
}
