import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";

/** A picture that a network answered to, and what is known of it. */
export interface AnsweredPicture {
  readonly id: string;
  /** The name of its class. */
  readonly label: string;
  /** The name of the class that the network gives it. */
  readonly answer: string;
  readonly right: boolean;
  /** Attributes by name: numbers, or words. One that is not known of the picture is absent. */
  readonly attributes: Readonly<Record<string, number | string | undefined>>;
}

export interface PerformanceOptions {
  /** Attributes. Default: every one that a picture has. */
  readonly by?: readonly string[] | undefined;
  /** Bins of an attribute of numbers, with as many pictures each, 1 to 100. Default 5. */
  readonly bins?: number | undefined;
}

const PERFORMANCE: Fields<PerformanceOptions> = { by: "may", bins: "may" };

/** A share, and the interval in which it lies with 95 % confidence (Wilson 1927). */
export interface Share {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** The pictures of one bin or group. */
export interface PerformanceBin {
  /** The group's word, or the bin's range as text. */
  readonly name: string;
  /** Least and largest value in the bin, of an attribute of numbers. */
  readonly range?: readonly [least: number, largest: number] | undefined;
  readonly pictures: number;
  readonly right: number;
  readonly accuracy: Share;
}

/** Accuracy against one attribute. */
export interface AttributePerformance {
  readonly attribute: string;
  readonly kind: "numbers" | "words";
  readonly bins: readonly PerformanceBin[];
  /** Pictures of which the attribute is not known. */
  readonly without: number;
  /** Spearman's correlation of the attribute and being right, from −1 to 1; absent of words, and where all are right or all wrong. */
  readonly correlation?: number | undefined;
}

/** The most groups of words; the smallest are put together. */
const MOST_GROUPS = 24;

/**
 * Accuracy against attributes of the pictures. Numbers are put into bins that hold as many pictures each (ends by quantiles; equal
 * values stay together), words into groups. Needs no GPU.
 * @throws InputError when there are no pictures, or an attribute is known of none.
 * @example
 * ```ts
 * import { performanceBy } from "vitrine/lab";
 *
 * const picture = { id: "a", label: "cat", answer: "cat", right: true, attributes: { contrast: 0.2 } };
 * for (const { attribute, bins } of performanceBy([picture])) {
 *   for (const { name, accuracy } of bins) console.log(attribute, name, accuracy.low, accuracy.high);
 * }
 * ```
 */
export function performanceBy(
  pictures: readonly AnsweredPicture[],
  options: PerformanceOptions = {},
): AttributePerformance[] {
  const who = "performance";
  assertFields(who, options, PERFORMANCE);
  if (pictures.length === 0) throw new InputError(`${who}: expected pictures with labels, got none`);
  const { bins = 5 } = options;
  if (!Number.isInteger(bins) || bins < 1 || bins > 100) {
    throw new InputError(`${who}: expected bins to be a whole number of 1 to 100, got ${bins}`);
  }
  const names = [...new Set(pictures.flatMap(({ attributes }) => Object.keys(attributes)))];
  return (options.by ?? names).map((attribute) => {
    const known = pictures.filter(({ attributes }) => attributes[attribute] !== undefined);
    if (known.length === 0) {
      throw new InputError(
        `${who}: expected an attribute of the pictures, got "${attribute}"; ${names.length > 0 ? `there are ${names.join(", ")}` : "they have none"}`,
      );
    }
    const without = pictures.length - known.length;
    const values = known.map(({ attributes }) => attributes[attribute]);
    const right = known.map((picture) => picture.right);
    if (values.every((value) => typeof value === "number" && Number.isFinite(value))) {
      const numbers = values as number[];
      return {
        ...{ attribute, kind: "numbers", bins: numberBins(numbers, right, bins), without },
        correlation: spearman(numbers, right.map(Number)),
      };
    }
    return { attribute, kind: "words", bins: wordBins(values.map(String), right), without };
  });
}

/** Wilson's interval of 95 % for a share of right answers. @throws InputError when there are none. */
export function wilsonInterval(right: number, pictures: number): Share {
  if (!(pictures > 0) || right < 0 || right > pictures) {
    throw new InputError(`Wilson interval: expected a part of 1 or more, got ${right} of ${pictures}`);
  }
  const z = 1.959963984540054;
  const share = right / pictures;
  const scale = 1 + z ** 2 / pictures;
  const middle = (share + z ** 2 / (2 * pictures)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / pictures + z ** 2 / (4 * pictures ** 2));
  return {
    share,
    low: right === 0 ? 0 : Math.max(0, middle - half),
    high: right === pictures ? 1 : Math.min(1, middle + half),
  };
}

function numberBins(values: readonly number[], right: readonly boolean[], wanted: number): PerformanceBin[] {
  const sorted = values.toSorted((a, b) => a - b);
  const distinct = [...new Set(sorted)];
  // Few values, such as counts, are a bin each.
  const starts = distinct.length <= wanted ? distinct : startsOf(sorted, wanted);
  const members = starts.map((): number[] => []);
  for (const [i, value] of values.entries()) {
    members[starts.findLastIndex((start) => value >= start)]?.push(i);
  }
  return members
    .filter((own) => own.length > 0)
    .map((own) => {
      const all = own.map((i) => values[i] ?? 0);
      const range = [Math.min(...all), Math.max(...all)] as const;
      const [least, largest] = range.map(shortNumber);
      return {
        name: least === largest ? `${least}` : `${least} to ${largest}`,
        range,
        ...counted(own, right),
      };
    });
}

/** The least value of each bin: the next begins at the first other value from its quantile on. */
function startsOf(sorted: readonly number[], wanted: number): number[] {
  const starts: number[] = [];
  let last = -1;
  for (const [i, value] of sorted.entries()) {
    const bin = Math.floor((i * wanted) / sorted.length);
    if (bin <= last || value === sorted[i - 1]) continue;
    starts.push(value);
    last = bin;
  }
  return starts;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function wordBins(words: readonly string[], right: readonly boolean[]): PerformanceBin[] {
  const groups = new Map<string, number[]>();
  for (const [i, word] of words.entries()) {
    const own = groups.get(word);
    if (own === undefined) groups.set(word, [i]);
    else own.push(i);
  }
  const largest = [...groups].sort(([a, p], [b, q]) => q.length - p.length || (a < b ? -1 : 1));
  const bins = largest.slice(0, MOST_GROUPS).map(([name, own]) => ({ name, ...counted(own, right) }));
  const others = largest.slice(MOST_GROUPS);
  if (others.length === 0) return bins;
  const own = others.flatMap(([, members]) => members);
  return [...bins, { name: `${others.length} others`, ...counted(own, right) }];
}

function counted(own: readonly number[], all: readonly boolean[]) {
  const right = own.filter((i) => all[i]).length;
  return { pictures: own.length, right, accuracy: wilsonInterval(right, own.length) };
}

/** Pearson's correlation of ranks, equal values sharing their mean rank; undefined where one does not vary. */
function spearman(a: readonly number[], b: readonly number[]): number | undefined {
  const [p, q] = [ranksOf(a), ranksOf(b)];
  const mean = (a.length + 1) / 2;
  let [joint, left, other] = [0, 0, 0];
  for (const [i, rank] of p.entries()) {
    const [x, y] = [rank - mean, (q[i] ?? 0) - mean];
    joint += x * y;
    left += x * x;
    other += y * y;
  }
  return left > 0 && other > 0 ? joint / Math.sqrt(left * other) : undefined;
}

function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to++;
    for (let k = from; k < to; k++) ranks[order[k] ?? 0] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}
