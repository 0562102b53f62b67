import { labelOf } from "../../src/graph.ts";
import { classPart, modelParts, pictureParts, quoted } from "../command-parts.ts";
import type { Session } from "../session.ts";
import type { Subject } from "../subjects.ts";
import { dreamSizes, type Growth, quickestOf } from "./request.ts";

/** The command that makes the same picture; undefined where the command line cannot ask this. */
export function visualizeCommand(session: Session, subject: Subject, growth: Growth): string | undefined {
  const { technique, steps, seed } = growth;
  const about = aboutParts(session, subject);
  if (!about) return undefined;
  const begins = technique.asks.includes("picture");
  // There --seed is that of the data set, too.
  const { first, picture } = pictureParts(session, seed !== 0);
  const parts = ["vitrine visualize", technique.name];
  if (begins) parts.push("--image", picture);
  parts.push(...modelParts(session), ...about, "--steps", String(steps));
  const { crops } = session.software ? quickestOf(technique) : {};
  if (crops !== undefined) parts.push("--crops", String(crops));
  if (seed !== 0) parts.push("--seed", String(seed));
  parts.push("--out", `${technique.name}.png`);
  return [...(begins ? first : []), parts.join(" ")].join("\n");
}

/** The command that makes the same wall. */
export function wallCommand(session: Session, layer: string, { technique, steps, seed }: Growth): string {
  const parts = ["vitrine visualize", technique.name, ...modelParts(session), "--layer", quoted(layer)];
  parts.push("--wall", "--steps", String(steps));
  if (seed !== 0) parts.push("--seed", String(seed));
  parts.push("--out", "wall.png");
  return parts.join(" ");
}

/** The command that dreams of the same picture. */
export function dreamCommand(session: Session, layer: string): string {
  const { first, picture } = pictureParts(session, true);
  const { octaves, longest } = dreamSizes(session);
  const parts = ["vitrine dream", picture, ...modelParts(session), "--layer", quoted(layer)];
  const { width = 0, height = 0 } = session.shown?.pixels ?? {};
  if (Math.max(width, height) > longest) parts.push("--longest", String(longest));
  parts.push("--octaves", String(octaves), "--out", "dream.png");
  return [...first, parts.join(" ")].join("\n");
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
