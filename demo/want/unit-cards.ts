import type { SyntheticPicture, Wanted } from "../../src/synthesis.ts";
import { inPercent } from "../percent.ts";
import type { Session } from "../session.ts";
import type { TaskOptions } from "../tasks/queue.ts";
import type { Asked } from "./asked.ts";
import { type Card, type Grown, type GrownPicture, keyOf, type Part } from "./card.ts";
import { visualizeCommand, wallCommand } from "./command-line.ts";
import type { Growing } from "./growing.ts";
import { type Growth, picturesOf, settingsOf, subjectKey } from "./growth.ts";

/** Channels of a wall that grow side by side, in one task. */
const TOGETHER = 16;
const TOGETHER_ON_SOFTWARE = 4;

/** The picture that the subject wants most. */
export function dreamCard(asked: Asked): Card {
  const { subject, about = "", growth } = asked;
  const { technique, steps, seed, shown } = growth;
  const begins = asked.answered || shown === undefined;
  const lacks = technique.asks.includes("generator") ? asked.generator.lacks : undefined;
  const many = picturesOf(technique, asked.software);
  const part = (): Part[] => {
    if (subject === undefined || !begins || lacks !== undefined) return [];
    const key = keyOf("dream", technique.name, subjectKey(subject), steps, seed, shown, growth.with);
    const names = many === 1 ? [about] : Array.from({ length: many }, (_, n) => String(n + 1));
    const wanted = [asked.wantedOf(subject)];
    return [{ key, names, grow: (options, show) => grow(asked, wanted, growth, options, show) }];
  };
  return {
    ...{ ask: "dream", title: about, summary: technique.summary },
    ofPicture: shown !== undefined,
    few: asked.software && asked.state.steps === undefined,
    parts: part(),
    lacks,
    command: () => (subject === undefined ? undefined : visualizeCommand(asked, subject, growth)),
  };
}

/** The channels of the selected layer, each with its picture. */
export function wallCard(asked: Asked): Card {
  const { layer, session, wallGrowth: growth } = asked;
  const { steps, seed } = growth;
  const exhibit = session.room.exhibitOf(layer);
  const channels = exhibit?.form.mapsAreChannels ? exhibit.size[2] : 0;
  const together = asked.software ? TOGETHER_ON_SOFTWARE : TOGETHER;
  const batch = (first: number): Part => {
    const own = Array.from({ length: Math.min(together, channels - first) }, (_, n) => first + n);
    const wanted = own.map((channel) => ({ layer: layer ?? "", channel }));
    return {
      key: keyOf("wall", layer, first, steps, seed),
      names: own.map(String),
      grow: (options, show) => grow(asked, wanted, growth, options, show),
    };
  };
  return {
    ...{ ask: "wall", title: layer === undefined ? "Wall" : `All of ${layer}` },
    summary: "Every channel of the selected layer, with the picture that it wants",
    ofPicture: false,
    few: asked.software,
    parts: Array.from({ length: Math.ceil(channels / together) }, (_, n) => batch(n * together)),
    lacks: layer === undefined ? "Select a layer for its wall." : undefined,
    command: () => (layer === undefined ? undefined : wallCommand(session, layer, growth)),
  };
}

async function grow(
  asked: Asked,
  objective: readonly Wanted[],
  { technique, steps, seed }: Growth,
  options: TaskOptions,
  show: (pictures: readonly (Growing | undefined)[]) => void,
): Promise<Grown> {
  const { session, software } = asked;
  const { asks } = technique;
  const request = {
    objective,
    ...(asks.includes("picture") ? { picture: asked.seen } : {}),
    ...(asks.includes("generator") ? { generator: await asked.generator.graph() } : {}),
    ...(asks.includes("pictures")
      ? { pictures: asked.naturals.pictures(Math.max(...session.inputSize)) }
      : {}),
  };
  const { pictures } = await technique.run(session.networks, request, {
    ...settingsOf(technique, software),
    ...{ steps, seed },
    ...options,
    onPicture: ({ step, pictures, shape }) =>
      show(pictures.map((data) => (data.length > 0 ? { data, shape, step } : undefined))),
  });
  const several = technique.asks.includes("pictures") || picturesOf(technique, software) > 1;
  return {
    pictures: pictures.map((one) => judged(one, steps, several ? session : undefined)),
    notes: several ? ["The curve and the numbers beside the pictures are those of the first."] : [],
  };
}

/**
 * A picture with what the technique knows of it; one that shows nothing is none.
 * @param several the session where the picture stands among others of one unit, and says what the network sees in it.
 */
function judged(picture: SyntheticPicture, steps: number, several?: Session): GrownPicture {
  const { data, shape, dead, grey, notes = [], curve, facet, prediction } = picture;
  return {
    ...{ data, shape, curve, judged: picture },
    nothing: dead || grey ? notes.join(" ") : undefined,
    says:
      several && prediction
        ? [
            ...(facet
              ? [facet.count === 1 ? "1 picture of this kind" : `${facet.count} pictures of this kind`]
              : []),
            sawOf(prediction, several),
          ].join("; ")
        : `${shape[1]} × ${shape[0]}, ${steps} steps`,
  };
}

/** What the network sees in a picture. */
function sawOf({ index, probability, share = probability }: Prediction, session: Session): string {
  const says = session.nameOf(index);
  return share === undefined ? says : `${says}, ${inPercent(100 * share).replaceAll(" ", "\u00a0")}`;
}

type Prediction = NonNullable<SyntheticPicture["prediction"]>;
