import { labelOf } from "../../src/graph.ts";
import { classPart, modelParts, pictureParts, quoted } from "../command-parts.ts";
import type { WhyAnswers } from "./answers.ts";
import { type MapRequest, settingsOf } from "./map-request.ts";

/** The command that makes the same map; undefined where the command line cannot ask this. */
export function commandOf({ session, store }: WhyAnswers, request: MapRequest): string | undefined {
  const { technique, subject, at } = request;
  const { state } = store;
  const { first, picture } = pictureParts(session);
  const parts = ["vitrine explain", technique.name, "--image", picture, ...modelParts(session)];
  const { samples, steps, layer } = settingsOf(request, session.software);
  if (typeof subject === "number") {
    parts.push("--target", classPart(labelOf(session.head, subject), subject));
    if (at) parts.push("--at", `${at.y},${at.x}`);
    if (layer !== undefined) parts.push("--layer", quoted(layer));
  } else {
    // There --layer names the layer whose maps are weighed.
    if (technique.weighsMaps || technique.classesOnly) return undefined;
    // The page's maps are not always channels.
    if (session.room.exhibitOf(subject.layer)?.form.mapsAreChannels === false) return undefined;
    parts.push("--layer", quoted(subject.layer), "--channel", String(subject.channel));
    if (subject.y !== undefined) parts.push("--at", `${subject.y},${subject.x}`);
  }
  if (samples !== undefined) parts.push("--samples", String(samples));
  if (steps !== undefined) parts.push("--steps", String(steps));
  if (state.ends === "raw") parts.push("--clip", "100");
  if (state.colors !== "inferno") parts.push("--colors", state.colors);
  parts.push("--out", `${technique.name}.png`);
  return [...first, parts.join(" ")].join("\n");
}
