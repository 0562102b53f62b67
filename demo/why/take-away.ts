import {
  composeFigure,
  composeMultiples,
  deprocess,
  encodePng,
  type Figure,
  type Graph,
  isSoftwareAdapter,
  labelOf,
  type Multiple,
  rasterize,
} from "../../src/index.ts";
import { preprocessingNameOf } from "../prepared.ts";
import { isSample } from "../samples.ts";
import type { State } from "../state/state.ts";
import type { Answer, Card } from "./enquiry.ts";
import { nameOf, type Question, settingsOf } from "./question.ts";
import type { Scene } from "./scene.ts";

/** How many times larger a picture can be taken away. */
export const ZOOMS = [1, 2, 4] as const;

/** A map as the library's figures take it. */
function multipleOf({ question: { technique }, found }: Answer, { ends, colors }: State): Multiple {
  const { kind, unit } = technique;
  return {
    map: found.data,
    shape: found.shape,
    kind,
    colors,
    ...(unit === undefined ? {} : { unit }),
    ...(ends === "raw" ? { clip: 100 } : {}),
  };
}

function subtitleOf(scene: Scene, layer: string | undefined): string {
  return [scene.graph.name, ...(layer === undefined ? [] : [`layer ${layer}`]), scene.shown?.title ?? ""]
    .filter(Boolean)
    .join(" · ");
}

/** The figure of one map, as people publish it: image, overlay, map, colour bar, what was clipped. */
export function figureOfAnswer(scene: Scene, answer: Answer): Figure {
  const { technique, subject, layer } = answer.question;
  return composeFigure({
    image: deprocess(scene.input, scene.graph),
    title: `${technique.title}: ${nameOf(scene.head, subject)}`,
    subtitle: subtitleOf(scene, layer),
    ...multipleOf(answer, scene.store.state),
  });
}

/** All cards on one sheet: techniques below one another, classes side by side. */
export function sheetOfCards(scene: Scene, cards: readonly Card[]): Figure {
  const { state } = scene.store;
  const techniques = [...new Set(cards.map(({ question }) => question.technique))];
  const columns = [...new Set(cards.map(({ about }) => about))];
  const alone = columns.length === 1;
  const layer = cards.find(({ question }) => question.layer !== undefined)?.question.layer;
  return composeMultiples({
    image: deprocess(scene.input, scene.graph),
    title: `Why ${columns.join(" or ")}?`,
    subtitle: subtitleOf(scene, layer),
    columns: alone ? [""] : columns,
    rows: techniques.map((technique) => ({
      label: technique.title,
      cells: columns.map((about) => {
        const card = cards.find((one) => one.question.technique === technique && one.about === about);
        if (card?.answer) return multipleOf(card.answer, state);
        return card?.progress.stage === "failed" ? card.progress.words : "not computed";
      }),
    })),
    scale: state.ends === "shared" ? "row" : "own",
    wrap: alone,
  });
}

/** A figure as a PNG file, `zoom` pixels to one of its own. */
export async function pngOf(figure: Figure, zoom: number): Promise<Blob> {
  const pixels = await rasterize(figure, { scale: zoom });
  return new Blob([await encodePng(pixels)], { type: "image/png" });
}

/** A figure as a file of vectors. */
export const svgOf = ({ svg }: Figure): Blob => new Blob([svg], { type: "image/svg+xml" });

/** An array as a NumPy file (.npy 1.0), float32 in C order. */
export function npyOf({
  data,
  shape,
}: {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}): Blob {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const words = `{'descr': '<f4', 'fortran_order': False, 'shape': (${axes}), }`;
  // The values begin at a multiple of 64 bytes.
  const header = `${words.padEnd(Math.ceil((words.length + 11) / 64) * 64 - 11)}\n`;
  const head = new Uint8Array([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, 0, 0]);
  new DataView(head.buffer).setUint16(8, header.length, true);
  return new Blob([head, header, Float32Array.from(data)], { type: "application/octet-stream" });
}

const quoted = (text: string): string =>
  /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** The command that makes the same map; undefined where the command line cannot ask this. */
export function commandOf(scene: Scene, question: Question): string | undefined {
  const { technique, subject } = question;
  const { state } = scene.store;
  const lines: string[] = [];
  const words = ["vitrine explain", technique.name];
  const { samples, steps, layer } = settingsOf(question, isSoftwareAdapter(scene.device));

  const { image } = state;
  if (image === undefined || !isSample(image))
    words.push("--image", quoted(scene.shown?.title ?? "picture.png"));
  else if (image.startsWith("pair-")) {
    const file = `${image}.png`;
    const [height, width] = scene.inputSize;
    lines.push(
      `vitrine dataset --pair --index ${image.slice(5)} --size ${Math.max(height, width)} --out ${file}`,
    );
    words.push("--image", file);
  } else words.push("--image", `synthetic:${image}`);

  if (!isShipped(scene.graph)) words.push("--model", "FOLDER", ...readingOf(scene));
  if (typeof subject === "number") {
    const label = labelOf(scene.head, subject);
    words.push("--target", label !== undefined && /^[a-z][\w-]*$/i.test(label) ? label : String(subject));
    if (layer !== undefined) words.push("--layer", quoted(layer));
  } else {
    // There --layer means whose maps are weighed.
    if (technique.weighsMaps || technique.classesOnly) return undefined;
    words.push("--layer", quoted(subject.layer), "--channel", String(subject.channel));
    if (subject.y !== undefined) words.push("--at", `${subject.y},${subject.x}`);
  }
  if (samples !== undefined) words.push("--samples", String(samples));
  if (steps !== undefined) words.push("--steps", String(steps));
  if (state.ends === "raw") words.push("--clip", "100");
  if (state.colors !== "inferno") words.push("--colors", state.colors);
  words.push("--out", `${technique.name}.png`);
  return [...lines, words.join(" ")].join("\n");
}

/** The options that read a network as the page does. */
function readingOf({ graph, head, store }: Scene): string[] {
  const { preprocessing } = graph;
  const { source, fit, guessed = [] } = preprocessing;
  const words: string[] = [];
  if (store.state.output !== undefined) words.push("--output", quoted(head.name));
  if (head.known === "given") words.push("--head", head.scores);
  const named = preprocessingNameOf(preprocessing);
  if (source === "given" && named) words.push("--preprocess", named);
  if (fit && !guessed.includes("fit")) words.push("--fit", fit);
  return words;
}

/** Whether it is the network that comes with the page. */
function isShipped(graph: Graph): boolean {
  return graph.name === "vitrine";
}
