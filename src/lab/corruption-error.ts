import { InputError } from "../gpu/errors.ts";
import type { ErrorCurves } from "./error-curves.ts";

/** AlexNet's mean errors over the five severities, as Hendrycks & Dietterich published them, and its error on clean pictures. */
const ALEXNET: Readonly<Record<string, number>> = {
  ...{ "gaussian-noise": 0.886428, "shot-noise": 0.894468, "impulse-noise": 0.92264 },
  ...{ "defocus-blur": 0.81988, "glass-blur": 0.826268, "motion-blur": 0.785948, "zoom-blur": 0.79836 },
  ...{ snow: 0.866816, frost: 0.826572, fog: 0.819324, brightness: 0.564592, contrast: 0.853204 },
  ...{ elastic: 0.646056, pixelate: 0.71784, jpeg: 0.6065 },
};
const ALEXNET_CLEAN = 0.435;

/** The errors of a kind of corruption in relation to another network's, in per cent. */
export interface KindError {
  readonly kind: string;
  /** Mean error over the severities, 0 to 1. */
  readonly mean: number;
  /** 100 · mean / the other's mean. Absent where nothing was given to divide by. */
  readonly ce?: number;
  /** 100 · (mean − clean) / (the other's mean − the other's clean): how much of the errors is due to corruption. */
  readonly relativeCe?: number;
}

/** Corruption errors of a network. */
export interface CorruptionError {
  /** Whose errors are divided by: "AlexNet", or another network's name. Absent where nothing is divided. */
  readonly against?: string;
  readonly kinds: readonly KindError[];
  /** Mean error over kinds and severities, 0 to 1; of the benchmark's fifteen kinds, not of the four beside them, where there are any. */
  readonly mean: number;
  /** Mean of the CE of all fifteen kinds of the benchmark, in per cent; absent where one is missing. */
  readonly mce?: number;
  readonly relativeMce?: number;
  /** What is to be known of the numbers. */
  readonly notes: readonly string[];
}

/**
 * The corruption error (CE) of each kind and their mean (mCE) after Hendrycks & Dietterich 2019: errors in relation to AlexNet's, or to those
 * of another network over the same pictures.
 * @param against "alexnet" is defined for the thousand classes of ImageNet, its constants and all five severities. Without it there is no
 * CE, only mean errors.
 * @throws InputError where AlexNet's errors do not apply, or the other curves are of other pictures, constants, severities or kinds.
 * @example
 * ```ts
 * import { syntheticSource } from "vitrine/dataset";
 * import { corruptionError, errorCurves } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const curves = await errorCurves(networks, syntheticSource(device, { count: 2 }), { kinds: ["contrast"], severities: [1] });
 * const { notes } = corruptionError(curves); // with another network's curves, or "alexnet": errors in relation to its
 * console.log(notes[0]); // There is no CE, only mean errors: AlexNet's errors are of ImageNet's 1000 classes, not of 16.
 * networks.destroy();
 * ```
 */
export function corruptionError(curves: ErrorCurves, against?: "alexnet" | ErrorCurves): CorruptionError {
  const base = against === undefined ? undefined : baseOf(curves, against);
  const kinds = curves.curves.map(({ kind, errors }): KindError => {
    const mean = meanOf(errors);
    const other = base?.meanOf(kind);
    if (base === undefined || other === undefined) return { kind, mean };
    const [gained, ownGained] = [other - base.clean, mean - curves.clean];
    return {
      ...{ kind, mean },
      ...(other > 0 ? { ce: (100 * mean) / other } : {}),
      ...(gained > 0 ? { relativeCe: (100 * ownGained) / gained } : {}),
    };
  });
  const extra = new Set(curves.curves.filter((curve) => curve.extra).map(({ kind }) => kind));
  const benchmark = kinds.filter(({ kind }) => !extra.has(kind));
  const counted = benchmark.length > 0 ? benchmark : kinds;
  const all = (values: readonly (number | undefined)[]): number | undefined => {
    const known = values.filter((value) => value !== undefined);
    return known.length === Object.keys(ALEXNET).length ? meanOf(known) : undefined;
  };
  const [mce, relativeMce] = [
    all(benchmark.map(({ ce }) => ce)),
    all(benchmark.map(({ relativeCe }) => relativeCe)),
  ];
  return {
    ...(base ? { against: base.name } : {}),
    kinds,
    mean: meanOf(counted.map(({ mean }) => mean)),
    ...(mce === undefined ? {} : { mce }),
    ...(relativeMce === undefined ? {} : { relativeMce }),
    notes: notesOf(curves, base?.name, mce),
  };
}

/** Tells why AlexNet's published errors say nothing of some curves; nothing where they apply. */
export function notAlexNet({ classes, set, severities }: ErrorCurves): string | undefined {
  if (classes !== 1000 && classes !== 1001) {
    return `AlexNet's errors are of ImageNet's 1000 classes, not of ${classes}`;
  }
  if (set !== "imagenet") return "AlexNet's errors are with the constants of ImageNet-C, not of CIFAR-10-C";
  if (severities.length < 5) return "AlexNet's errors are means over all five severities";
  return undefined;
}

interface Base {
  readonly name: string;
  readonly clean: number;
  meanOf(kind: string): number | undefined;
}

function baseOf(curves: ErrorCurves, against: "alexnet" | ErrorCurves): Base {
  if (against === "alexnet") {
    const why = notAlexNet(curves);
    if (why !== undefined) throw new InputError(`corruption error: ${why}; give another network's curves`);
    return { name: "AlexNet", clean: ALEXNET_CLEAN, meanOf: (kind) => ALEXNET[kind] };
  }
  for (const name of ["dataDigest", "set", "seed", "severities", "pictures"] as const) {
    const [own, other] = [curves[name], against[name]].map((value) => JSON.stringify(value));
    if (own === other) continue;
    const what = name === "dataDigest" ? "pictures" : name;
    throw new InputError(
      `corruption error: expected curves over the same ${what}, ${own}, got those of ${against.model} over ${other}`,
    );
  }
  const others = new Map(against.curves.map(({ kind, errors }) => [kind, errors]));
  const missing = curves.curves.find(({ kind }) => !others.has(kind));
  if (missing) {
    throw new InputError(
      `corruption error: expected "${missing.kind}" in the curves of ${against.model}, got none`,
    );
  }
  return { name: against.model, clean: against.clean, meanOf: (kind) => meanOf(others.get(kind) ?? []) };
}

function notesOf(curves: ErrorCurves, against: string | undefined, mce: number | undefined): string[] {
  const why = notAlexNet(curves);
  return [
    ...(against === undefined
      ? [`There is no CE, only mean errors: ${why ?? "nothing was given to divide by"}.`]
      : mce === undefined
        ? ["There is no mCE: it is the mean over all fifteen kinds of the benchmark."]
        : []),
    ...(against === "AlexNet"
      ? [
          "AlexNet's errors are on ImageNet's 50 000 validation pictures, cropped to 224 pixels before they are corrupted; compare only if yours are too.",
        ]
      : []),
    "The benchmark's pictures went through JPEG of quality 85 after they were corrupted; these did not.",
    ...curves.curves.flatMap(({ title, deviation }) => (deviation ? [`${title}: ${deviation}.`] : [])),
  ];
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
