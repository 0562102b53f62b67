import { seedOfPicture } from "../dataset/corrupted-source.ts";
import type { Source } from "../dataset/source.ts";
import { AnswersTally, classesByName, hasClasses } from "../dataset/survey/answers-tally.ts";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { graphDigest } from "../graph/digest.ts";
import { type Head, headOf } from "../graph/heads.ts";
import type { Pixels } from "../images/pixels.ts";
import type { Networks } from "../network/pool.ts";
import { seedOf } from "../sampling/seed.ts";
import { predictEach } from "../techniques/predict.ts";
import { corrupt } from "../techniques/robustness/corruptions/corrupt.ts";
import type { CorruptionSet } from "../techniques/robustness/corruptions/corruption.ts";
import { CORRUPTIONS, corruptionNamed } from "../techniques/robustness/corruptions/list.ts";

/** How often a network errs on pictures of one kind of corruption. */
export interface ErrorCurve {
  /** A name of `CORRUPTIONS`, and what it is called. */
  readonly kind: string;
  readonly title: string;
  /** True for the four kinds beside the benchmark's fifteen. */
  readonly extra?: true;
  /** How the kind differs from the published program's, where it does. */
  readonly deviation?: string;
  /** Share of pictures whose strongest class is not their label, 0 to 1; one a severity. */
  readonly errors: readonly number[];
  /** The same for the five strongest classes. */
  readonly topFiveErrors: readonly number[];
}

/** How often a network errs on a data set, by kind and severity of corruption. */
export interface ErrorCurves {
  /** Name and digest of the network. */
  readonly model: string;
  readonly modelDigest: string;
  /** Name and digest of the data set, uncorrupted. */
  readonly data: string;
  readonly dataDigest: string;
  /** Classes of the network. */
  readonly classes: number;
  readonly set: CorruptionSet;
  readonly seed: number;
  /** Pictures that count: those whose label is a class of the network. */
  readonly pictures: number;
  /** Pictures that were passed over: without such a label, and those that could not be read. */
  readonly unlabelled: number;
  readonly broken: number;
  /** Share of errors on the pictures as they are. */
  readonly clean: number;
  readonly cleanTopFive: number;
  readonly severities: readonly number[];
  readonly curves: readonly ErrorCurve[];
}

export interface ErrorCurvesOptions {
  /** Names of `CORRUPTIONS`. Default: the fifteen of the benchmark. */
  readonly kinds?: readonly string[] | undefined;
  /** Some of 1 to 5. Default all. */
  readonly severities?: readonly number[] | undefined;
  /** The published constants: those for pictures of about 224 pixels, or those for 32. Default "imagenet". */
  readonly set?: CorruptionSet | undefined;
  /** Seed of what is random. Default 0. */
  readonly seed?: number | undefined;
  /** Pictures of frost for the kind "frost". Default: ice is grown. */
  readonly frosts?: readonly Pixels[] | undefined;
  /** The output that is asked, by name. Default: the graph's `output`. */
  readonly output?: string | undefined;
  /** Pictures at a time. Default: as many as the memory allows, 32 at most. */
  readonly batch?: number | undefined;
  /** Is told of each picture that is passed over because it cannot be read. Without it such a picture ends the run. */
  readonly onBroken?: ((broken: { readonly id: string; readonly why: string }) => void) | undefined;
  /** `count` is absent where only the end of the source tells it. */
  readonly onProgress?: ((progress: { done: number; count?: number | undefined }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: Fields<ErrorCurvesOptions> = {
  ...{ kinds: "may", severities: "may", set: ["imagenet", "cifar"], seed: "may", frosts: "may" },
  ...{ output: "may", batch: "may", onBroken: "may", onProgress: "may", signal: "may" },
};

/** A picture as it is, or in one kind and severity. */
interface Condition {
  readonly kind: string;
  readonly severity: number;
}

/**
 * How often a network errs on the pictures of a data set, as they are and corrupted by each kind in each severity (Hendrycks & Dietterich
 * 2019). One pass: a picture is decoded once, corrupted at its own size, and then made ready as the network takes it. Memory holds a batch
 * of pictures, whatever their number. {@link corruptionError} sets the errors in relation to AlexNet's or another network's.
 * @throws InputError for unknown kinds and severities, or when no label of the data set is a class of the network; UnsupportedError for a
 * network whose output is no classes; the signal's reason.
 * @example
 * ```ts
 * import { syntheticSource } from "vitrine/dataset";
 * import { errorCurves } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const source = syntheticSource(device, { count: 4 });
 * const { clean, curves } = await errorCurves(networks, source, { kinds: ["contrast"], severities: [1] });
 * console.log(clean, curves[0]?.errors.length); // 0 1
 * networks.destroy();
 * ```
 */
export async function errorCurves(
  networks: Networks,
  source: Source,
  options: ErrorCurvesOptions = {},
): Promise<ErrorCurves> {
  assertFields("error curves", options, OPTIONS);
  const { graph, device } = networks;
  const { output, set = "imagenet", signal } = options;
  const seed = seedOf(options.seed, "error curves");
  const kinds = kindsOf(options.kinds);
  const severities = severitiesOf(options.severities);
  const head = headOf(graph, output);
  if (!hasClasses(head)) {
    throw new UnsupportedError(
      `error curves: expected a network that answers with one class, got ${head.kind}`,
    );
  }
  const conditions = [
    undefined,
    ...kinds.flatMap(({ name }) => severities.map((severity): Condition => ({ kind: name, severity }))),
  ];
  const tallies = conditions.map(() => new AnswersTally(head));
  const classes = classesByName(head);
  const passed = { unlabelled: 0, broken: 0 };
  const labels: string[] = [];
  async function* pictures(): AsyncGenerator<Pixels> {
    const onBroken = options.onBroken && {
      onBroken: ({ id, error }: { id: string; error: Error }) => {
        passed.broken++;
        options.onBroken?.({ id, why: error.message });
      },
    };
    for await (const { pixels, label, index } of source.read({ signal, ...onBroken })) {
      if (label === undefined || !classes.has(label)) {
        passed.unlabelled++;
        continue;
      }
      labels.push(label);
      const own = { set, seed: seedOfPicture(seed, index), frosts: options.frosts };
      for (const condition of conditions) {
        yield condition ? await corrupt(device, pixels, { ...own, ...condition }) : pixels;
        signal?.throwIfAborted();
      }
    }
  }
  const form = { keep: [head.logits], gradients: false, reuseBuffers: true };
  const network = await networks.temporary({
    ...form,
    batch: options.batch ?? networks.batchWithin({ ...form, most: 32 }),
  });
  let done = 0;
  const tell = (): void => {
    const seen = Math.floor(done / conditions.length) + passed.unlabelled + passed.broken;
    options.onProgress?.({ done: seen, count: source.count });
  };
  try {
    const all = { output, signal, top: Number.POSITIVE_INFINITY };
    for await (const predictions of predictEach(network, pictures(), all)) {
      tallies[done % conditions.length]?.add(labels[0], predictions);
      done++;
      if (done % conditions.length > 0) continue;
      labels.shift();
      tell();
    }
    // Those passed over after the last answer count as well.
    tell();
  } finally {
    network.destroy();
  }
  if (done === 0) throw noLabels(source, head);
  const errors = tallies.map(errorsOf);
  const [clean, ...corrupted] = errors;
  return {
    ...{ model: graph.name, modelDigest: await graphDigest(graph) },
    ...{ data: source.name, dataDigest: await source.digest() },
    ...{ classes: head.classes, set, seed, pictures: done / conditions.length, ...passed },
    ...{ clean: clean?.top ?? 0, cleanTopFive: clean?.five ?? 0, severities },
    curves: kinds.map(({ name, title, extra, deviation }, n) => {
      const own = corrupted.slice(n * severities.length, (n + 1) * severities.length);
      return {
        ...{ kind: name, title },
        ...(extra ? { extra } : {}),
        ...(deviation === undefined ? {} : { deviation }),
        errors: own.map(({ top }) => top),
        topFiveErrors: own.map(({ five }) => five),
      };
    }),
  };
}

function errorsOf(tally: AnswersTally): { readonly top: number; readonly five: number } {
  const { pictures = 1, right = 0, inTopFive = 0 } = tally.report() ?? {};
  return { top: (pictures - right) / pictures, five: (pictures - inTopFive) / pictures };
}

function noLabels(source: Source, { classes }: Head): InputError {
  return new InputError(
    `error curves: expected pictures labelled by the network's ${classes} classes, their names or numbers, got none in ${source.name}`,
  );
}

function kindsOf(names: readonly string[] | undefined) {
  if (names === undefined) return CORRUPTIONS.filter(({ extra }) => !extra);
  if (names.length === 0) throw new InputError("error curves: expected kinds of corruption, got none");
  return [...new Set(names)].map(corruptionNamed);
}

function severitiesOf(given: readonly number[] = [1, 2, 3, 4, 5]): readonly number[] {
  const sorted = [...new Set(given)].sort((a, b) => a - b);
  const stray = sorted.find((severity) => ![1, 2, 3, 4, 5].includes(severity));
  if (stray === undefined && sorted.length > 0) return sorted;
  throw new InputError(`error curves: expected severities of 1 to 5, got ${stray ?? "none"}`);
}
