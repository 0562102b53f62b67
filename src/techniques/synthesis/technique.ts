import { assertFields, type Fields } from "../../gpu/options.ts";
import type { Networks } from "../../network/pool.ts";
import type { AscentImage } from "../../optimise/image/image.ts";
import type { Paper } from "../attribution/technique.ts";
import { assertPool } from "../robustness/attack-pictures.ts";
import { COMMON, type SynthesisOptionList, type SynthesisOptions } from "./options.ts";
import type { AscentsOf, Asked, SynthesisRequest } from "./plan.ts";
import type { Synthesis } from "./synthesis.ts";
import { synthesise } from "./synthesise.ts";

/** A technique of synthesis as its file registers it: what a command line, a menu or a table needs of it. */
export interface SynthesisTechnique {
  /** Short, for a command line: lower case and hyphens. */
  readonly name: string;
  readonly title: string;
  readonly paper: Paper;
  /** One sentence that says what it makes. */
  readonly summary: string;
  readonly asks: readonly Asked[];
  /** The options that it reads, beside those that all techniques take. */
  readonly options: SynthesisOptionList;
  /** True where the pictures can begin with one that is given, the option `start`. */
  readonly startable?: true;
  /** True where the spectrum of the pictures can be given, the option `magnitude`. */
  readonly spectral?: true;
  /**
   * Makes pictures.
   * @throws InputError for an option out of range, or something that the network does not have; DivergedError when a picture
   * becomes NaN or infinite; UnsupportedError for a network that the technique is not defined on.
   */
  run(networks: Networks, request: SynthesisRequest, options?: SynthesisOptions): Promise<Synthesis>;
}

/** Registers a technique whose pictures climb once: the only place that knows it, beside its line in the list. */
export function synthesisTechnique<I extends AscentImage>(
  technique: Omit<SynthesisTechnique, "run"> & AscentsOf<I>,
): SynthesisTechnique {
  const { plan: _, units: __, ...about } = technique;
  return registered(about, (networks, request, options) => synthesise(networks, request, options, technique));
}

/** Registers a technique that goes its own way: what it is asked and its options' names are checked before it runs. */
export function registered(
  about: Omit<SynthesisTechnique, "run">,
  run: (networks: Networks, request: SynthesisRequest, options: SynthesisOptions) => Promise<Synthesis>,
): SynthesisTechnique {
  const { name, asks, options: own, startable, spectral } = about;
  const fields = Object.fromEntries([
    ...Object.entries(own).map(([option, { type }]) => [option, type.kind === "choice" ? type.of : "may"]),
    ...(startable ? [["start", "may"]] : []),
    ...(spectral ? [["magnitude", "may"]] : []),
  ]);
  const known = Object.fromEntries(asks.map((asked) => [asked, "must"]));
  return {
    ...about,
    async run(networks, request, options = {}) {
      assertPool(name, networks);
      assertFields(name, options, { ...COMMON, ...fields } as Fields<SynthesisOptions>);
      assertFields(`${name} request`, request, known as Fields<SynthesisRequest>);
      return run(networks, request, options);
    },
  };
}
