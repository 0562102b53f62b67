import type { MapKind } from "../../figures/kinds.ts";
import type { Network } from "../../network/network.ts";
import { assertCall } from "../answer.ts";
import { assertScore, EXPLAIN, type Explanation, objectiveOf, type Picture } from "../question.ts";
import { type BackwardPass, preparePass } from "./backward-pass.ts";
import type { Prepare } from "./command.ts";
import { ATTRIBUTION, type AttributionOptions, type TechniqueOptions } from "./options.ts";

/** A map with the technique's own account of it in numbers: a residual, an R², a count. */
export interface Attribution extends Explanation {
  readonly account?: Account;
}

/** Numbers by which a technique accounts for a map, by name. */
export type Account = Readonly<Record<string, number>>;

/** The publication of a technique. */
export interface Paper {
  /** Last names, as a text cites them. */
  readonly authors: string;
  readonly year: number;
  /** The number at arxiv.org. */
  readonly arxiv?: string | undefined;
  readonly doi?: string | undefined;
  /** Where it is, of a publication with neither number. */
  readonly address?: string | undefined;
}

/** An attribution technique as its file registers it: what a command line, a menu, a table or a sheet needs of it. */
export interface AttributionTechnique {
  /** Short, for a command line or an address: lower case and hyphens. */
  readonly name: string;
  readonly title: string;
  readonly paper: Paper;
  /** One sentence that says what the map shows. */
  readonly summary: string;
  /** The map's axes: pixels with colours, pixels, or the cells of a layer. */
  readonly shape: "[H,W,C]" | "[H,W]" | "[h,w]";
  /** The kind of the map, which decides how it is drawn. */
  readonly kind: Exclude<MapKind, "activation">;
  /** The unit of its values, below the picture. Default: the kind's own. */
  readonly unit?: string | undefined;
  /** The options that it reads, beside those that all techniques take. */
  readonly options: TechniqueOptions;
  /** Says the account of a map in a sentence, its numbers written by `write`; for techniques whose maps have one. */
  readonly accountInWords?: (account: Account, write: (value: number) => string) => string;
  /** The settings for a sheet of many maps: enough for a look. */
  readonly quick?: AttributionOptions | undefined;
  /** The settings for an adapter of software while somebody waits. */
  readonly quickest?: AttributionOptions | undefined;
  /** True where `layer` names the layer whose maps are weighed. */
  readonly weighsMaps?: boolean | undefined;
  /** True where only classes can be explained, and not any neurons. */
  readonly classesOnly?: boolean | undefined;
  /** The score of a class unless the options say otherwise. Default "logit". */
  readonly on?: "probability" | undefined;
  /** True where it needs no gradients: a network made with `gradients: false` will do. */
  readonly forwardOnly?: boolean | undefined;
  /** True where it reads no layers but the output and those it is asked: a network made with `reuseBuffers: true` will do. */
  readonly outputOnly?: boolean | undefined;
  /** About how many images it runs through the network by default, where many: the network's `batch` at a time. */
  readonly passes?: number | undefined;
  /**
   * Explains an image.
   * @throws InputError for an option out of range; UnsupportedError for a network that the technique is not defined on.
   */
  run(network: Network, image: Picture, options?: AttributionOptions): Promise<Attribution>;
  /** Explains an image for several targets, with one sweep of samples for all of them. */
  readonly runEach?:
    | ((
        network: Network,
        image: Picture,
        targets: readonly AttributionOptions["target"][],
        options?: Omit<AttributionOptions, "target">,
      ) => Promise<readonly Attribution[]>)
    | undefined;
  /** @internal Makes its work on an image ready to record. */
  readonly prepare: Prepare<AttributionOptions, Attribution>;
  /** @internal The backward passes, where they answer: `explainEach` then shares a forward pass between targets and a batch of images. */
  readonly backward?: BackwardPass | undefined;
}

/**
 * Registers a technique: the only place that knows it, beside its line in the list. `run` and `runEach` get the options that
 * `options` lists and those that all techniques take, and no others.
 */
export function attributionTechnique(technique: AttributionTechnique): AttributionTechnique {
  const { name, options: own, run, runEach, prepare } = technique;
  const read = <O extends AttributionOptions>(options: O, network: Network): O => {
    assertCall({ who: name, fields: ATTRIBUTION }, network, options as AttributionOptions);
    const known = Object.entries(options).filter(([key]) => key in EXPLAIN || key in own);
    return Object.fromEntries(known) as O;
  };
  const each: AttributionTechnique["runEach"] =
    runEach &&
    (async (network, image, targets, options = {}) =>
      runEach(network, image, targets, read(options, network)));
  return {
    ...technique,
    run: async (network, image, options = {}) => run(network, image, read(options, network)),
    prepare: async (site, options) => prepare(site, read(options, site.network)),
    runEach: each,
  };
}

/** The `run` of a technique that starts at a gradient: a probability is an objective of its own, not an option. */
export function fromGradient(
  technique: (network: Network, image: Picture, options: AttributionOptions) => Promise<Attribution>,
): AttributionTechnique["run"] {
  return async (network, image, { on, ...options } = {}) => {
    if (on !== undefined) assertScore(on, "attribution");
    if (on !== "probability") return technique(network, image, options);
    const { target, objective } = await objectiveOf(network, image, { ...options, on });
    const found = await technique(network, image, { ...options, target: objective });
    return { ...found, target };
  };
}

/** @internal The ways to run a technique that backward passes answer: its function, the same to record, and the passes for many images. */
export function byBackward(
  technique: (network: Network, image: Picture, options: AttributionOptions) => Promise<Attribution>,
  backward: BackwardPass,
  who: string,
): Pick<AttributionTechnique, "run" | "prepare" | "backward"> {
  return { run: fromGradient(technique), prepare: preparePass(backward, who), backward };
}

/** A technique's publication as a text cites it: "Simonyan et al. 2013". */
export function citationOf({ paper: { authors, year } }: Pick<AttributionTechnique, "paper">): string {
  return `${authors} ${year}`;
}
