import type { Networks } from "../../network/pool.ts";
import { pixelImage } from "../../optimise/image/pixels.ts";
import { type YosinskiSetting, yosinskiSettings } from "../../optimise/regularisers/yosinski.ts";
import type { TechniqueOption } from "../attribution/options.ts";
import type { SynthesisOptions } from "./options.ts";
import type { Synthesis } from "./synthesis.ts";
import { synthesisTechnique } from "./technique.ts";
import type { Wanted } from "./wanted.ts";

const SETTINGS: readonly YosinskiSetting[] = ["blurAndNorm", "decayAndNorm", "blur", "blurAndContribution"];

/**
 * Activation maximisation with Yosinski's regularisers (Yosinski et al. 2015), by one of his four settings: pixels that begin with noise
 * around the mean are decayed, blurred and clipped between steps. Each setting has its own number of steps.
 * @throws InputError for an option out of range, or something that the network does not have; DivergedError.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { yosinski } from "vitrine/synthesis";
 *
 * const networks = createNetworks(device, graph);
 * const { pictures } = await yosinski(networks, { class: "star" }, { setting: "blur", steps: 4 });
 * console.log(pictures[0]?.value);
 * networks.destroy();
 * ```
 */
export function yosinski(
  networks: Networks,
  objective: Wanted | readonly Wanted[],
  options?: SynthesisOptions,
): Promise<Synthesis> {
  return YOSINSKI.run(networks, { objective }, options);
}

export const YOSINSKI = synthesisTechnique({
  name: "yosinski",
  title: "Regularised ascent",
  paper: { authors: "Yosinski et al.", year: 2015, arxiv: "1506.06579" },
  summary: "Pixels that excite a unit, decayed, blurred and clipped between steps",
  asks: ["objective"],
  options: {
    steps: {
      type: { kind: "whole", from: 1, to: 100_000 },
      otherwise: "the setting's own, 499 to 999",
      help: "Number of steps.",
      counts: "steps",
    },
    setting: {
      type: { kind: "choice", of: SETTINGS },
      default: "blurAndContribution",
      help: "One of the four settings of the paper's table: blurAndNorm, decayAndNorm, blur or blurAndContribution.",
    } satisfies TechniqueOption<YosinskiSetting>,
  },
  plan: ({ graph }, { setting = "blurAndContribution", steps }) => {
    const { noise, ...chosen } = yosinskiSettings(graph.preprocessing)[setting];
    return { ...chosen, image: pixelImage({ range: "input", noise }), steps: steps ?? chosen.steps };
  },
});
