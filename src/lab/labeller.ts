import { InputError } from "../gpu/errors.ts";
import { type AnsweredPicture, type Share, wilsonInterval } from "./performance.ts";

/** Who is right about how many pictures. */
export interface ErrorTable {
  readonly both: number;
  readonly onlyNetwork: number;
  readonly onlyHuman: number;
  readonly neither: number;
}

/** A network beside a human labeller, on the pictures that both answered. */
export interface LabellerReport {
  readonly pictures: number;
  readonly network: Share;
  readonly human: Share;
  /** Share of the pictures to which both give the same answer. */
  readonly agreement: number;
  /** Cohen's κ of the answers: 0 where they agree as often as chance has it, 1 where always; undefined where chance alone always agrees. */
  readonly kappa: number | undefined;
  /** κ of being right (Geirhos, Meding & Wichmann 2020): whether the two err on the same pictures; undefined where chance alone always agrees. */
  readonly errorConsistency: number | undefined;
  readonly table: ErrorTable;
  /** The same for each label, in the order in which they come. */
  readonly labels: readonly { readonly label: string; readonly table: ErrorTable }[];
  readonly notes: readonly string[];
}

/**
 * Compares a network's answers with a human's: how often each is right, how often they agree, and who errs where. Needs no GPU.
 * @param human the human's label of a picture; undefined where there is none.
 * @throws InputError when the human labelled none of the pictures.
 * @example
 * ```ts
 * import { compareLabellers } from "vitrine/lab";
 *
 * const picture = { id: "a", label: "cat", answer: "dog", right: false, attributes: {} };
 * const { kappa, table } = compareLabellers([picture], (id) => (id === "a" ? "cat" : undefined));
 * console.log(kappa, table.onlyHuman); // 0 1
 * ```
 */
export function compareLabellers(
  pictures: readonly AnsweredPicture[],
  human: (id: string) => string | undefined,
): LabellerReport {
  const known = pictures.flatMap((picture) => {
    const said = human(picture.id);
    return said === undefined ? [] : [{ ...picture, said, humanRight: said === picture.label }];
  });
  if (known.length === 0) {
    throw new InputError(
      "labeller: expected labels of pictures that the network answered to and whose class is known, got none",
    );
  }
  const table = (own: typeof known): ErrorTable => {
    const count = (network: boolean, other: boolean) =>
      own.filter(({ right, humanRight }) => right === network && humanRight === other).length;
    return {
      both: count(true, true),
      onlyNetwork: count(true, false),
      onlyHuman: count(false, true),
      neither: count(false, false),
    };
  };
  const whole = table(known);
  const labels = new Set(pictures.flatMap(({ label, answer }) => [label, answer]));
  const foreign = [...new Set(known.map(({ said }) => said).filter((said) => !labels.has(said)))];
  const names = foreign.slice(0, 5).map((name) => `"${name}"`);
  return {
    pictures: known.length,
    network: wilsonInterval(whole.both + whole.onlyNetwork, known.length),
    human: wilsonInterval(whole.both + whole.onlyHuman, known.length),
    agreement: known.filter(({ answer, said }) => answer === said).length / known.length,
    kappa: kappaOf(
      known.map(({ answer }) => answer),
      known.map(({ said }) => said),
    ),
    errorConsistency: kappaOf(
      known.map(({ right }) => right),
      known.map(({ humanRight }) => humanRight),
    ),
    table: whole,
    labels: [...new Set(known.map(({ label }) => label))].map((label) => ({
      label,
      table: table(known.filter((one) => one.label === label)),
    })),
    notes: [
      ...(known.length < pictures.length
        ? [`${pictures.length - known.length} pictures have no label of the human's, and are not compared`]
        : []),
      ...(foreign.length > 0
        ? [
            `the human's ${names.join(", ")}${foreign.length > 5 ? ", …" : ""} ${foreign.length > 1 ? "are labels" : "is a label"} of no picture, and never right; labels must be spelt as the data set's are`,
          ]
        : []),
    ],
  };
}

/** Cohen's κ (1960). */
function kappaOf<T>(a: readonly T[], b: readonly T[]): number | undefined {
  const total = a.length;
  const observed = a.filter((one, i) => one === b[i]).length / total;
  const counts = (all: readonly T[]) => {
    const found = new Map<T, number>();
    for (const one of all) found.set(one, (found.get(one) ?? 0) + 1);
    return found;
  };
  const [left, right] = [counts(a), counts(b)];
  let chance = 0;
  for (const [one, n] of left) chance += (n / total) * ((right.get(one) ?? 0) / total);
  return chance < 1 ? (observed - chance) / (1 - chance) : undefined;
}
