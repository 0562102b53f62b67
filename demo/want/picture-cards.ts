import type { Pixels } from "../../src/index.ts";
import type { MadePicture, PictureOptions, PictureRequest, PictureTechnique } from "../../src/synthesis.ts";
import { figure } from "../dom.ts";
import type { Asked } from "./asked.ts";
import { type Card, type GrownPicture, keyOf, type Part } from "./card.ts";
import { pictureCommand } from "./command-line.ts";
import { workOf } from "./picture-work.ts";

/** What a technique makes of the picture that is shown. */
export function pictureCard(asked: Asked, technique: PictureTechnique): Card {
  const { session, style } = asked;
  const work = workOf(asked, technique);
  const { asks, draws } = technique;
  const dreams = "octaves" in technique.options;
  const lacks =
    dreams && asked.layer === undefined
      ? "Select a layer to dream of the picture."
      : draws
        ? style.lacks
        : asks.includes("layers") && work.layers.flat().length === 0
          ? "The network has no layer with several places."
          : undefined;
  const second = asks.includes("secondPicture") ? asked.secondKey : undefined;
  const part = (layers: readonly string[]): Part => ({
    key: keyOf(
      ...[technique.name, layers.join(","), work.options.seed, asked.shown, second],
      draws ? style.number : undefined,
    ),
    names: [asks.includes("layers") && work.layers.length > 1 ? layers.join(", ") : ""],
    async grow(options, show) {
      const picture: Pixels = work.longest === undefined ? asked.seen : asked.picture(work.longest);
      const request: PictureRequest = {
        picture,
        ...(asks.includes("layers") ? { layers } : {}),
        ...(asks.includes("contentLayers") ? { contentLayers: work.contentLayers } : {}),
        ...(second === undefined ? {} : { secondPicture: await asked.secondPicture(work.longest ?? 0) }),
      };
      const more: PictureOptions = {
        ...{ ...work.options, ...options },
        onPicture: ({ pictures: [data], shape, step }) => data && show([{ data, shape, step }]),
      };
      const { pictures } = draws
        ? await style.draw(request, more)
        : await technique.run(session.networks, request, more);
      return { pictures: pictures.map((made) => grownOf(technique, made)) };
    },
  });
  return {
    ...{ ask: technique.name, title: dreams ? `${technique.title}, ${asked.layer ?? ""}` : technique.title },
    summary: technique.summary,
    ofPicture: true,
    few: work.options.steps !== undefined && work.options.steps < (technique.options.steps?.default ?? 0),
    parts: asked.answered && lacks === undefined ? work.layers.map(part) : [],
    lacks,
    command: () => pictureCommand(asked, work),
  };
}

function grownOf({ command }: PictureTechnique, made: MadePicture): GrownPicture {
  const { data, shape, curve, value, grey, notes = [] } = made;
  const [first] = curve ?? [];
  const says =
    value === undefined || first === undefined
      ? undefined
      : command === "invert"
        ? `distance ${figure(-100 * value)} %`
        : `loss ${figure(-first)} to ${figure(-value)}`;
  return { data, shape, curve, nothing: grey ? notes.join(" ") : undefined, says };
}
