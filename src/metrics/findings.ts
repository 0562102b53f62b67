import type { MapLikeness, ScoreMeasure, Trust, TrustCurve, Verdict } from "./measures.ts";

/** Rank correlations from here on, of magnitudes and of signed values alike, count as "hardly depends". */
export const ALIKE = { class: 0.9, weights: 0.8 } as const;
/** A correlation below, a share left unexplained above, a change above the map's own size: worth a word. */
const POOR = { muFidelity: 0.1, infidelity: 0.95, sensitivity: 1 } as const;

export interface Finding {
  readonly verdict: Verdict;
  readonly text: string;
}

/**
 * Findings that speak against a map, in words; one for each figure that does.
 * @param blank whether the map is the same everywhere.
 * @param unmoved how far the probability that the map explains moves, where that is hardly at all.
 * @param still the measures whose score hardly moved, which say nothing of any map.
 * @param nameOf a class's label.
 */
export function findingsOf(
  trust: Omit<Trust, "words" | "verdicts">,
  {
    blank,
    still,
    unmoved,
    nameOf,
  }: {
    readonly blank: boolean;
    readonly unmoved?: number | undefined;
    readonly still: ReadonlySet<ScoreMeasure>;
    readonly nameOf: (other: number) => string;
  },
): Finding[] {
  if (unmoved !== undefined) {
    return [
      {
        verdict: "still",
        text: `The probability that this map explains ${movesBy(unmoved)}, however the image is changed: neither the map nor its measures say anything. The logit may move.`,
      },
    ];
  }
  if (blank) {
    return [{ verdict: "blank", text: "This map is the same everywhere: it says nothing of the image." }];
  }
  const { muFidelity, infidelity, sensitivity } = trust;
  const found: (Finding | undefined)[] = [
    classFinding(trust, nameOf),
    weightsFinding(trust),
    stillFinding(trust, still),
    still.has("insertion") || still.has("deletion") ? undefined : chanceFinding(trust),
  ];
  if (muFidelity !== undefined && !still.has("muFidelity") && muFidelity < POOR.muFidelity) {
    found.push({
      verdict: "muFidelity",
      text: `What this map sums to over a region says little of how far the score falls without it (correlation ${figure(muFidelity)}).`,
    });
  }
  if (infidelity && !still.has("infidelity") && infidelity.relative > POOR.infidelity) {
    const what =
      infidelity.by === "noise" ? "how faint noise moves the score" : "what a cell of the image weighs";
    found.push({
      verdict: "infidelity",
      text: `This map says next to nothing of ${what}: ${Math.round(100 * infidelity.relative)} % is left unexplained.`,
    });
  }
  if (sensitivity !== undefined && sensitivity > POOR.sensitivity) {
    found.push({
      verdict: "sensitivity",
      text: `Faint noise changes this map by more than its own size (sensitivity ${figure(sensitivity)}).`,
    });
  }
  return found.filter((finding) => finding !== undefined);
}

/** Names of the measures, for sentences. */
const NAMES: Readonly<Record<ScoreMeasure, string>> = {
  insertion: "insertion",
  deletion: "deletion",
  muFidelity: "μFidelity",
  infidelity: "infidelity",
};

function movesBy(most: number): string {
  return most === 0 ? "does not move" : `hardly moves, by ${most.toPrecision(1)} at most`;
}

function stillFinding(
  { moved }: Omit<Trust, "words" | "verdicts">,
  still: ReadonlySet<ScoreMeasure>,
): Finding | undefined {
  if (still.size === 0) return undefined;
  const names = [...still].map((name) => NAMES[name]);
  const most = Math.max(...[...still].map((name) => moved?.[name] ?? 0));
  const last = names.length > 1 ? ` and ${names.at(-1)}` : names[0];
  return {
    verdict: "still",
    text: `The score ${movesBy(most)}, however the image is changed: ${names.length > 1 ? names.slice(0, -1).join(", ") : ""}${last} ${names.length > 1 ? "say" : "says"} nothing of this map.`,
  };
}

function alike({ correlation, signed }: MapLikeness, from: number): boolean {
  return Math.min(correlation, signed) >= from;
}

function classFinding(
  { runnerUp, randomLogit }: Omit<Trust, "words" | "verdicts">,
  nameOf: (other: number) => string,
): Finding | undefined {
  const like = [
    { found: runnerUp, as: "the runner-up" },
    { found: randomLogit, as: "drawn at random" },
  ].flatMap(({ found, as }) =>
    found && alike(found, ALIKE.class)
      ? [`that of ${nameOf(found.other)}, ${as} (rank correlation ${figure(found.correlation)})`]
      : [],
  );
  // Likeness to the runner-up alone may be that of two kindred classes.
  const both = runnerUp && randomLogit && runnerUp.other !== randomLogit.other;
  if (like.length === 0) return undefined;
  const depends = both && like.length < 2 ? "hardly tells two classes apart" : "hardly depends on the class";
  return { verdict: "class", text: `This map ${depends}: it is much like ${like.join(" and ")}.` };
}

function weightsFinding({ modelRandomisation }: Omit<Trust, "words" | "verdicts">): Finding | undefined {
  if (!modelRandomisation || !alike(modelRandomisation, ALIKE.weights)) return undefined;
  return {
    verdict: "weights",
    text: `This map hardly depends on the weights: it is much like that of a network with random ones (rank correlation ${figure(modelRandomisation.correlation)}).`,
  };
}

/** The finding that random baselines do as well, by insertion less deletion. */
function chanceFinding({ insertion, deletion }: Omit<Trust, "words" | "verdicts">): Finding | undefined {
  const total = (value: (curve: TrustCurve) => number): number =>
    (insertion ? value(insertion) : 0) - (deletion ? value(deletion) : 0);
  const copies = (insertion ?? deletion)?.randomBaselines.length ?? 0;
  const own = total(({ area }) => area);
  const asWell = Array.from({ length: copies }, (_, i) =>
    total(({ randomBaselines }) => randomBaselines[i] ?? 0),
  ).filter((value) => value >= own).length;
  if (asWell === 0) return undefined;
  const by = insertion && deletion ? "insertion and deletion" : insertion ? "insertion" : "deletion";
  const copy = copies === 1 ? "the copy" : `${asWell} of ${copies} copies`;
  return {
    verdict: "chance",
    text: `This map is no better than chance at ${by}: ${copy} moved elsewhere ${copies === 1 || asWell === 1 ? "does" : "do"} as well.`,
  };
}

function figure(value: number): string {
  return value.toFixed(2);
}
