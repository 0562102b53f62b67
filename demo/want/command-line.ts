import { labelOf } from "../../src/graph.ts";
import { classPart, modelParts, pictureParts, quoted, sampleParts } from "../command-parts.ts";
import type { Session } from "../session.ts";
import type { Subject } from "../subjects.ts";
import type { Asked } from "./asked.ts";
import { type Growth, settingsOf } from "./growth.ts";
import type { PictureWork } from "./picture-work.ts";
import { OWN } from "./slice.ts";
import { type StyleNetwork, UNITS } from "./style-network.ts";

/** The command that makes the same picture; undefined where the command line cannot ask this. */
export function visualizeCommand(asked: Asked, subject: Subject, growth: Growth): string | undefined {
  const { session, generator, naturals } = asked;
  const { technique, steps, seed } = growth;
  const about = aboutParts(session, subject);
  if (!about) return undefined;
  const begins = technique.asks.includes("picture");
  // There --seed is that of the data set, too.
  const { first, picture } = pictureParts(session, seed !== 0);
  const parts = ["vitrine visualize", technique.name];
  if (begins) parts.push("--image", picture);
  parts.push(...modelParts(session), ...about, "--steps", String(steps));
  parts.push(...settingParts(settingsOf(technique, session.software)));
  if (technique.asks.includes("generator") && generator.name !== undefined) {
    const range = UNITS.find(([name]) => name === generator.gives)?.[1];
    parts.push(
      "--generator",
      "FOLDER",
      ...(generator.asksGives && range ? ["--gives", range.join(",")] : []),
    );
  }
  const looks = technique.asks.includes("pictures");
  if (looks) parts.push("--data", naturals.own ? "PICTURES" : "naturals");
  if (seed !== 0) parts.push("--seed", String(seed));
  parts.push("--out", `${technique.name}.png`);
  const drawn = ["vitrine dataset --count", naturals.count, "--size", Math.max(...session.inputSize)];
  const data = looks && !naturals.own ? [[...drawn, "--out naturals"].join(" ")] : [];
  return [...(begins ? first : []), ...data, parts.join(" ")].join("\n");
}

/** The command that makes the same wall. */
export function wallCommand(session: Session, layer: string, { technique, steps, seed }: Growth): string {
  const parts = ["vitrine visualize", technique.name, ...modelParts(session), "--layer", quoted(layer)];
  parts.push("--wall", "--steps", String(steps));
  if (seed !== 0) parts.push("--seed", String(seed));
  parts.push("--out", "wall.png");
  return parts.join(" ");
}

/** The command that makes the same of the picture that is shown. */
export function pictureCommand(asked: Asked, work: PictureWork): string {
  const { session, style, state } = asked;
  const { technique, longest, layers, contentLayers, options } = work;
  const { first, picture } = pictureParts(session, longest !== undefined || options.seed !== 0);
  const { asks, command, draws } = technique;
  const second = asks.includes("secondPicture") ? secondParts(asked) : undefined;
  const [word = "", ...flags] = command.split(" ");
  const guided = command.includes("--guide");
  const parts = ["vitrine", word, picture];
  if (second && !guided) parts.push(second.picture);
  if (draws) parts.push(...styleParts(style));
  else if (asks.includes("layers")) parts.push(...modelParts(session));
  parts.push(...flags);
  if (second && guided) parts.push(second.picture);
  const styled = asks.includes("contentLayers");
  if (styled) parts.push("--content-layers", quoted(contentLayers.join(",")));
  if (asks.includes("layers")) {
    parts.push(styled ? "--style-layers" : "--layer", quoted(layers.flat().join(",")));
  }
  const { width = 0, height = 0 } = session.shown?.pixels ?? {};
  const shrinks = longest !== undefined && Math.max(width, height) > longest;
  if (shrinks) parts.push("--longest", String(longest));
  if ("window" in technique.options && longest !== undefined)
    parts.push("--size", sizeAt(width, height, longest));
  for (const name of ["octaves", "steps"] as const) {
    const value = options[name];
    if (value !== undefined && value !== technique.options[name]?.default)
      parts.push(`--${name}`, String(value));
  }
  if (options.init) parts.push("--init", options.init);
  if (options.seed) parts.push("--seed", String(state.seed));
  parts.push("--out", `${technique.name}.png`);
  return [...first, ...(second?.first ?? []), parts.join(" ")].join("\n");
}

/** The command that attacks the same picture. */
export function attackCommand(
  asked: Asked,
  {
    attack,
    target,
    settings,
  }: { readonly attack: string; readonly target: number | undefined; readonly settings: object },
): string {
  const { session } = asked;
  const { first, picture } = pictureParts(session);
  const parts = ["vitrine attack", attack, picture, ...modelParts(session)];
  if (target !== undefined) parts.push("--target", classPart(labelOf(session.head, target), target));
  parts.push(...settingParts(settings), "--defences", "--out", "attack.png");
  return [...first, parts.join(" ")].join("\n");
}

/** The command that makes the same fooling picture. */
export function foolCommand(asked: Asked, index: number, way: string, settings: object): string {
  const { session, state } = asked;
  const from = state.fooling !== way;
  const { first, picture } = pictureParts(session, state.seed !== 0);
  const parts = ["vitrine fool --method", way, ...modelParts(session)];
  parts.push("--target", classPart(labelOf(session.head, index), index));
  if (from) parts.push("--from", picture);
  parts.push(...settingParts(settings));
  if (state.seed !== 0) parts.push("--seed", String(state.seed));
  parts.push("--out", "fooling.png");
  return [...(from ? first : []), parts.join(" ")].join("\n");
}

function settingParts(settings: object): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** The second picture as a command names it. */
function secondParts(asked: Asked): { readonly first: readonly string[]; readonly picture: string } {
  const { session, state, secondName } = asked;
  return state.second === OWN
    ? { first: [], picture: quoted(secondName) }
    : sampleParts(session, state.second, true);
}

function styleParts(style: StyleNetwork): string[] {
  if (style.name === undefined) return [];
  const { takes, gives } = style.asks;
  const range = UNITS.find(([name]) => name === style.gives)?.[1];
  return [
    ...["--model", "FOLDER"],
    ...(takes && style.takes ? ["--preprocess", style.takes] : []),
    ...(gives && range ? ["--gives", range.join(",")] : []),
  ];
}

function sizeAt(width: number, height: number, longest: number): string {
  const scale = Math.min(1, longest / Math.max(width, height));
  return [height, width].map((side) => Math.max(1, Math.round(side * scale))).join("x");
}

function aboutParts(session: Session, subject: Subject): string[] | undefined {
  if (typeof subject === "number") {
    return ["--target", classPart(labelOf(session.head, subject), subject)];
  }
  const { layer, channel, y, x } = subject;
  // The page's maps are not always channels.
  if (session.room.exhibitOf(layer)?.form.mapsAreChannels === false) return undefined;
  const place = y === undefined ? [] : ["--at", `${y},${x}`];
  return ["--layer", quoted(layer), "--channel", String(channel), ...place];
}
