import type { Prediction } from "../../src/index.ts";
import { attackNamed, defend, type FooledPicture, foolingNamed } from "../../src/robustness.ts";
import { inPercent } from "../percent.ts";
import type { Asked } from "./asked.ts";
import { type Card, type GrownPicture, keyOf, type Part } from "./card.ts";
import { attackCommand, foolCommand } from "./command-line.ts";
import { growingOf } from "./growing.ts";
import { FROM_PICTURE } from "./slice.ts";

/** The most steps and searches of an attack while somebody waits. */
const MOST = { steps: [200, 40], searches: [5, 3] } as const;
/** Generations of an evolution, and pictures in each. */
const GENERATIONS = [300, 60] as const;
const CHILDREN = 64;

/** What an attack is asked beside its target. */
function settingsOf({ state, software }: Asked): {
  readonly epsilon?: number;
  readonly steps?: number;
  readonly searches?: number;
} {
  const { options } = attackNamed(state.attack);
  const fewer = (name: keyof typeof MOST) => {
    const most = MOST[name][software ? 1 : 0];
    return (options[name]?.default ?? 0) > most ? { [name]: most } : {};
  };
  return {
    ...("epsilon" in options ? { epsilon: state.epsilon } : {}),
    ...{ ...fewer("steps"), ...fewer("searches") },
  };
}

/** What a way to fool the network is asked. */
function foolingSettings({ state, software }: Asked): {
  readonly generations?: number;
  readonly children?: number;
} {
  return "generations" in foolingNamed(wayOf(state.fooling)).options
    ? { generations: GENERATIONS[software ? 1 : 0], children: CHILDREN }
    : {};
}

/** The way by its name in the library. */
function wayOf(fooling: string): string {
  return fooling === FROM_PICTURE ? "gradient" : fooling;
}

/** Why the output cannot be misled, if it cannot. */
function without({ session: { head } }: Asked): string | undefined {
  if (head.scores === "values") return "The output has values, and no classes to mislead.";
  return head.kind === "places" ? "The output scores places, and has no one answer to mislead." : undefined;
}

/** A picture that looks like the one that is shown, and that the network sees as something else; and defences. */
export function attackCard(asked: Asked): Card {
  const { session, state, shown } = asked;
  const { attack, to } = state;
  const technique = attackNamed(attack);
  const target = technique.untargetedOnly ? undefined : to;
  const lacks = without(asked);
  const settings = settingsOf(asked);
  const said = ({ index, probability = 0 }: Prediction) =>
    `${session.nameOf(index)}, ${inPercent(100 * probability)}`;
  const part: Part = {
    key: keyOf("attack", attack, settings.epsilon ?? "", target, shown, session.head.name),
    names: ["picture", "attacked", "difference ×10"],
    async grow({ signal, onProgress }) {
      const output = session.head.name;
      const [found] = await technique.run(session.networks, [session.input], {
        ...{ ...settings, target, output, signal },
        onProgress: (fraction) => onProgress(0.8 * fraction),
      });
      if (!found) throw new Error("nothing was found");
      const { original, picture, difference, before, after, succeeded, linf, l2, notes = [] } = found;
      const defences = await defend(session.networks, [found], undefined, {
        ...{ output, signal },
        onProgress: (fraction) => onProgress(0.8 + 0.2 * fraction),
      });
      const shownAs = (pixels: typeof picture, says: string): GrownPicture => ({
        ...growingOf(pixels),
        says,
      });
      return {
        pictures: [
          shownAs(original, said(before)),
          shownAs(picture, said(after)),
          shownAs(difference, `largest ${linf}/255, length ${l2.toFixed(0)}/255`),
        ],
        facts: [
          ["The attack", succeeded ? "succeeded" : "failed"],
          ...defences.map(({ defence, pictures: [behind] }) => {
            const answer = behind && session.nameOf(behind.attacked.index);
            const verdict = !succeeded ? "" : behind?.restored ? " ✓" : " ✗";
            return [defence, `${answer}${verdict}`] as const;
          }),
        ],
        notes: [...notes, "✓: the class is back behind a defence of which the attack did not know."],
      };
    },
  };
  return {
    ...{ ask: "attack", title: "Attack, and defences", summary: technique.summary.replace(/\.$/, "") },
    ofPicture: true,
    parts: asked.answered && lacks === undefined ? [part] : [],
    lacks,
    command: () => attackCommand(asked, { attack, target, settings }),
  };
}

/** A picture that means nothing to people, and that the network is sure of. */
export function foolingCard(asked: Asked): Card {
  const { session, state, subject, shown } = asked;
  const { fooling, seed } = state;
  const technique = foolingNamed(wayOf(fooling));
  const settings = foolingSettings(asked);
  const from = fooling === FROM_PICTURE;
  const index = typeof subject === "number" ? subject : undefined;
  const lacks =
    without(asked) ??
    (index === undefined && asked.answered ? "Choose a class above to fool the network with." : undefined);
  const grown = ({ pixels, probability, steps, generation }: FooledPicture): GrownPicture => ({
    ...growingOf(pixels),
    step: steps ?? generation,
    says: `${session.nameOf(index ?? 0)}, ${inPercent(100 * probability)}; ${steps === undefined ? `generation ${generation}` : `${steps} steps`}`,
  });
  const part: Part = {
    key: keyOf("fooling", fooling, index, seed, from ? shown : undefined, session.head.name),
    names: [index === undefined ? "" : session.nameOf(index)],
    async grow({ signal, onProgress }, show) {
      const { pictures } = await technique.run(session.networks, {
        ...{ ...settings, classes: [index ?? 0], output: session.head.name, seed, signal },
        ...(from ? { from: session.input } : {}),
        onProgress: (fraction) => onProgress(fraction),
        onPicture: (picture) => show([grown(picture)]),
      });
      return {
        pictures: pictures.map(grown),
        notes: ["The probability is that of the 8-bit pixels, run once more."],
      };
    },
  };
  return {
    ...{ ask: "fooling", title: "Fooling picture", summary: technique.summary },
    ofPicture: from,
    parts: index !== undefined && lacks === undefined && (asked.answered || !from) ? [part] : [],
    lacks,
    command: () => (index === undefined ? undefined : foolCommand(asked, index, technique.name, settings)),
  };
}
