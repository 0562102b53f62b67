import { basename, extname } from "node:path";
import type { Figure } from "../figures/drawing.ts";
import { formatNumber } from "../figures/format-number.ts";
import { composeSynthesis, type DrawnSynthesis } from "../figures/synthesis.ts";
import { composeWall } from "../figures/wall.ts";
import { sizeOf } from "../gpu/tensor.ts";
import { className } from "../graph/classes.ts";
import type { Graph } from "../graph/graph.ts";
import { headOf } from "../graph/heads.ts";
import type { Pixels } from "../images/pixels.ts";
import { evidenceCaption } from "../metrics/honest-caption.ts";
import type { Honesty } from "../metrics/honesty.ts";
import { writeGif } from "../node/gif.ts";
import { writeNpy } from "../node/npy.ts";
import { citationOf } from "../techniques/attribution/technique.ts";
import type { SynthesisOptions } from "../techniques/synthesis/options.ts";
import type { LiveSynthesis, SyntheticPicture } from "../techniques/synthesis/synthesis.ts";
import type { SynthesisTechnique } from "../techniques/synthesis/technique.ts";
import type { Io } from "./io.ts";
import { type Outputs, writeResult } from "./output.ts";
import { synthesisSettings } from "./synthesis-options.ts";

/** Time between the frames of a film, in ms. */
const DELAY = 80;
/** Natural pictures that a sheet shows beside a synthetic one. */
const BESIDE = 4;

/** Pictures that were made, with all that is known of them. */
export interface SynthesisReport {
  readonly technique: SynthesisTechnique;
  readonly settings: SynthesisOptions;
  readonly seed: number;
  readonly graph: Graph;
  readonly pictures: readonly SyntheticPicture[];
  /** What is said of each beside, where it was asked for. */
  readonly evidence: readonly Honesty[];
  /** Whether they are small ones on a wall. */
  readonly wall: boolean;
}

/** What is known of a picture, in short lines. */
export function captionOf(
  { value, probability, prediction, dead, facet }: SyntheticPicture,
  graph: Graph,
  evidence?: Honesty,
): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const seen =
    prediction?.probability === undefined
      ? []
      : [`seen as ${className(headOf(graph), prediction.index)} ${percent(prediction.probability)}`];
  return [
    dead && value === 0 ? "does not fire" : dead ? "never changed" : `value ${Number(value.toPrecision(4))}`,
    ...(probability === undefined ? [] : [`p ${probability.toFixed(4)}`]),
    ...seen,
    ...(facet ? [`of ${facet.count} natural ${facet.count === 1 ? "picture" : "pictures"}`] : []),
    ...(evidence ? evidenceCaption(evidence) : []),
  ];
}

/** Writes pictures as --out has it: a folder, a film, an array, a sheet or a wall. */
export async function writeSynthesis(
  outputs: Outputs,
  report: SynthesisReport,
  frames: readonly LiveSynthesis[],
  saved: boolean,
  io: Io,
): Promise<void> {
  const { pictures, graph, technique, settings, seed } = report;
  const [height, width] = pictures[0]?.shape ?? [1, 1];
  const all = pictures.map(({ data }) => data);
  if (outputs.isFolder) {
    for (const { name, data, shape } of pictures) {
      const draw = () => pixelsOf(data, [height, width]);
      await writeResult(outputs.fileFor(name.replaceAll(/[/\\]/g, "-")), { data, shape, draw }, io);
    }
    return;
  }
  if (extname(outputs.path).toLowerCase() === ".gif") {
    const film = frames.map((live) => besideOneAnother(live.pictures, [height, width]));
    await writeGif(outputs.path, film, DELAY);
    io.err(`vitrine: wrote ${outputs.path}`);
    return;
  }
  if (saved) {
    for (const { step, pictures: live } of frames) {
      await writeNpy(outputs.path.replace(/\.npy$/i, `-${step}.npy`), arrayOf(live, [height, width]));
    }
  }
  const subtitle = [
    ...[graph.name, `${technique.title} (${citationOf(technique)})`],
    ...synthesisSettings(technique).flatMap(({ name, definition: { default: usual } }) => {
      const value = settings[name] ?? usual;
      return value === undefined ? [] : [`${name} ${value}`];
    }),
    `seed ${seed}`,
  ].join(" · ");
  const draw = () => drawn(report, { title: technique.title, subtitle });
  await writeResult(outputs.path, { ...arrayOf(all, [height, width]), draw }, io);
}

function drawn(
  { pictures, graph, evidence, wall }: SynthesisReport,
  words: { readonly title: string; readonly subtitle: string },
): Figure {
  const picture = ({ dead, grey, shape: [height, width], ...made }: SyntheticPicture) =>
    dead || grey ? undefined : pixelsOf(overWhite(made), [height, width]);
  const notes = pictures.some(({ alpha }) => alpha)
    ? ["What the objective hardly looked at fades to white."]
    : [];
  if (wall) {
    const tiles = pictures.map((made, channel) => ({ label: `${channel}`, picture: picture(made) }));
    return composeWall({ ...words, pictures: tiles, notes });
  }
  return composeSynthesis({
    ...words,
    pictures: pictures.map((made, n): DrawnSynthesis => {
      const naturals = evidence[n]?.naturals?.slice(0, BESIDE);
      const shown = picture(made);
      return {
        ...{ label: made.name, picture: shown },
        caption: [...(shown ? captionOf(made, graph, evidence[n]) : []), ...(made.notes ?? [])],
        ...(shown ? { curve: made.curve } : {}),
        naturals: naturals?.map((natural) => ({
          picture: natural.picture,
          text: `${basename(natural.name)} ${formatNumber(natural.value)}`,
        })),
      };
    }),
    notes: [
      "Values and probabilities are those of the pictures rounded to 8 bits, without transforms.",
      ...notes,
    ],
  });
}

function arrayOf(pictures: readonly Float32Array[], [height, width]: readonly [number, number]) {
  const shape = [pictures.length, height, width, 3];
  const data = new Float32Array(sizeOf(shape));
  for (const [i, picture] of pictures.entries()) data.set(picture, i * sizeOf(shape.slice(1)));
  return { data, shape };
}

/** A picture over white, as opaque as it was looked at. */
function overWhite({ data, alpha }: Pick<SyntheticPicture, "data" | "alpha">): Float32Array {
  if (!alpha) return data;
  return data.map((value, i) => 1 + (alpha[Math.floor(i / 3)] ?? 1) * (value - 1));
}

function pixelsOf(data: Float32Array, [height, width]: readonly [number, number]): Pixels {
  return { height, width, data: Uint8ClampedArray.from(data, (value) => 255 * value) };
}

/** Pictures in rows and columns; those that have not begun are black. */
function besideOneAnother(
  pictures: readonly Float32Array[],
  [height, width]: readonly [number, number],
): Pixels {
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const rows = Math.ceil(pictures.length / columns);
  const data = new Uint8ClampedArray(rows * height * columns * width * 3);
  for (const [i, picture] of pictures.entries()) {
    for (let y = 0; y < height && picture.length > 0; y++) {
      const row = Math.floor(i / columns) * height + y;
      const line = picture.subarray(3 * y * width, 3 * (y + 1) * width);
      data.set(
        line.map((value) => 255 * value),
        3 * (row * columns + (i % columns)) * width,
      );
    }
  }
  return { height: rows * height, width: columns * width, data };
}
