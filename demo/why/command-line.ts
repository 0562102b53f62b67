import { labelOf } from "../../src/graph.ts";
import type { Graph } from "../../src/index.ts";
import { preprocessingNameOf } from "../preprocessing-name.ts";
import { isSample } from "../samples.ts";
import type { Session } from "../session.ts";
import type { WhyAnswers } from "./answers.ts";
import { type MapRequest, settingsOf } from "./map-request.ts";

const quoted = (text: string): string =>
  /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** The command that makes the same map; undefined where the command line cannot ask this. */
export function commandOf({ session, store }: WhyAnswers, request: MapRequest): string | undefined {
  const { technique, subject, at } = request;
  const { state } = store;
  const lines: string[] = [];
  const parts = ["vitrine explain", technique.name];
  const { samples, steps, layer } = settingsOf(request, session.software);

  const { image } = state;
  if (image === undefined || !isSample(image))
    parts.push("--image", quoted(session.shown?.title ?? "picture.png"));
  else if (image.startsWith("pair-")) {
    const file = `${image}.png`;
    const [height, width] = session.inputSize;
    lines.push(
      `vitrine dataset --pair --index ${image.slice(5)} --size ${Math.max(height, width)} --out ${file}`,
    );
    parts.push("--image", file);
  } else parts.push("--image", `synthetic:${image}`);

  if (!isShipped(session.graph)) parts.push("--model", "FOLDER", ...readingOf(session));
  if (typeof subject === "number") {
    const label = labelOf(session.head, subject);
    parts.push("--target", label !== undefined && /^[a-z][\w-]*$/i.test(label) ? label : String(subject));
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
  return [...lines, parts.join(" ")].join("\n");
}

/** The options that read a network as the page does. */
function readingOf({ graph, head, store }: Session): string[] {
  const { preprocessing } = graph;
  const { source, fit, guessed = [] } = preprocessing;
  const parts: string[] = [];
  if (store.state.output !== undefined) parts.push("--output", quoted(head.name));
  if (head.known === "given") parts.push("--head", head.scores);
  const named = preprocessingNameOf(preprocessing);
  if (source === "given" && named) parts.push("--preprocess", named);
  if (fit && !guessed.includes("fit")) parts.push("--fit", fit);
  return parts;
}

/** True for the network that comes with the page. */
function isShipped(graph: Graph): boolean {
  return graph.name === "vitrine";
}
