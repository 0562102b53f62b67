import type { Graph } from "../src/index.ts";
import { preprocessingNameOf } from "./preprocessing-name.ts";
import { isSample, type SampleName } from "./samples.ts";
import type { Session } from "./session.ts";

/** A word as a shell takes it. */
export const quoted = (text: string): string =>
  /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/**
 * The picture that is shown as a command names it, and the command that makes its file first, where one is needed.
 * @param file whether a picture of the data set is to be a file, too: of the size that the page shows it in.
 */
export function pictureParts(
  session: Session,
  file = false,
): { readonly first: readonly string[]; readonly picture: string } {
  const { image } = session.store.state;
  if (image === undefined || !isSample(image)) {
    return { first: [], picture: quoted(session.shown?.title ?? "picture.png") };
  }
  return sampleParts(session, image, file);
}

/** A picture of the data set, the same way. */
export function sampleParts(
  session: Session,
  image: SampleName,
  file: boolean,
): { readonly first: readonly string[]; readonly picture: string } {
  const pair = image.startsWith("pair-");
  if (!pair && !file) return { first: [], picture: `synthetic:${image}` };
  const picture = `${image}.png`;
  const [height, width] = session.inputSize;
  const parts = ["vitrine dataset", ...(pair ? ["--pair"] : []), "--index", image.replace("pair-", "")];
  parts.push("--size", String(Math.max(height, width)), "--out", picture);
  return { first: [parts.join(" ")], picture };
}

/** The options that read a network as the page does; none for the one that comes with it. */
export function modelParts({ graph, head, store }: Session): string[] {
  if (isShipped(graph)) return [];
  const { preprocessing } = graph;
  const { source, fit, guessed = [] } = preprocessing;
  const parts = ["--model", "FOLDER"];
  if (store.state.output !== undefined) parts.push("--output", quoted(head.name));
  if (head.known === "given") parts.push("--head", head.scores);
  const named = preprocessingNameOf(preprocessing);
  if (source === "given" && named) parts.push("--preprocess", named);
  if (fit && !guessed.includes("fit")) parts.push("--fit", fit);
  return parts;
}

/** A class by its label where a command can say it, else by its number. */
export function classPart(label: string | undefined, index: number): string {
  return label !== undefined && /^[a-z][\w-]*$/i.test(label) ? label : String(index);
}

/** True for the network that comes with the page. */
function isShipped(graph: Graph): boolean {
  return graph.name === "vitrine";
}
