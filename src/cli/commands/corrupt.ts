import { layOutTiles, type TileGroup } from "../../figures/tiles.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { enlargePixels, type Shown, shownSize } from "../../images/enlarge.ts";
import type { Pixels } from "../../images/pixels.ts";
import { corrupt } from "../../techniques/robustness/corruptions/corrupt.ts";
import type { Corruption } from "../../techniques/robustness/corruptions/corruption.ts";
import { CORRUPTIONS, corruptionNamed } from "../../techniques/robustness/corruptions/list.ts";
import { CORRUPTION_SETS } from "../corruption-choice.ts";
import { namesOf } from "../image-names.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { outOf, writeResult } from "../output.ts";
import { atMost, plainPicture } from "../plain-picture.ts";
import type { Values } from "../values.ts";
import type { CliCommand } from "./command.ts";

const KINDS = CORRUPTIONS.map(({ name }) => name);
/** The least pixels of the longer side on a sheet. */
const ON_SHEET = 96;
const SEVERITIES = [1, 2, 3, 4, 5] as const;

export const CORRUPT: CliCommand = {
  name: "corrupt",
  usage: "--kind KIND|--all IMAGE",
  summary: "Corrupt a picture as ImageNet-C does, to see what a network makes of it.",
  rows: CORRUPTIONS.map(({ name, title, deviation }) => [
    name,
    deviation === undefined ? title : `${title}; ${deviation}`,
  ]),
  details: [
    "--severity 1 to 5 has the published constants (Hendrycks & Dietterich 2019). Without it, a sheet shows all five. With --all, the sheet has a line for each kind.",
    "The values are cut to 8 bits. The benchmark's own files went through JPEG of quality 85 in the end; these do not.",
  ],
  options: ["image", "kind", "all", "severity", "constants", "seed", "longest", "out", "json"],
  help: {
    all: "Every kind, on one sheet.",
    seed: "Seed of what is random. Default 0.",
    longest:
      "The most pixels that the longer side may have; a larger picture is made smaller first. Default: as it is, and 224 on a sheet.",
    out: "The .png file for the picture, or for the sheet (.png or .svg).",
  },
  examples: [
    "vitrine corrupt --kind fog synthetic:4 --severity 3 --out foggy.png",
    "vitrine corrupt --all photo.jpg --severity 3 --out kinds.png",
  ],
  run: corruptCommand,
};

async function corruptCommand(words: readonly string[], values: Values, io: Io): Promise<void> {
  values.exclusive("kind", "all");
  const all = values.has("all");
  const kind = values.choice("kind", KINDS);
  if (!all && kind === undefined) {
    throw new UsageError(`corrupt expects --kind (${KINDS.join(", ")}) or --all, got neither`);
  }
  const kinds = kind === undefined ? CORRUPTIONS : [corruptionNamed(kind)];
  const names = namesOf(values, words);
  const [name] = names;
  if (name === undefined || names.length > 1) {
    throw new UsageError(`corrupt expects one picture, got ${names.length === 0 ? "none" : names.join(" ")}`);
  }
  const given = values.whole("severity", 1, 5);
  const sheet = all || given === undefined;
  const severities = given === undefined ? SEVERITIES : [given];
  const set = values.choice("constants", CORRUPTION_SETS) ?? "imagenet";
  const seed = values.whole("seed", 0, LARGEST_U32) ?? 0;
  const longest = values.whole("longest", 1, 65_535) ?? (sheet ? 224 : undefined);
  const out = await outOf(values, sheet ? [".png", ".svg"] : [".png"]);
  if (out === undefined) throw new UsageError("corrupt expects --out picture.png, got none");
  const device = await io.device();
  const whole = await plainPicture("corrupt", name, device);
  const picture = longest === undefined ? whole : atMost(whole, longest);
  const lines: TileGroup[][] = [];
  let last = picture;
  for (const { name: own, title } of kinds) {
    const tiles: TileGroup["tiles"][number][] = [];
    for (const severity of severities) {
      io.signal.throwIfAborted();
      io.progress(`${title}, severity ${severity}`);
      last = await corrupt(device, picture, { kind: own, severity, set, seed });
      tiles.push({
        picture: sheet ? enlargePixels(last, shownOf(last)) : last,
        caption: [`severity ${severity}`],
      });
    }
    lines.push([{ heading: title, tiles }]);
  }
  io.progress();
  const { width, height } = shownOf(picture);
  const subtitle = `${name} · constants of ${set} · seed ${seed}`;
  const notes = kinds.flatMap(({ title, deviation }) => (deviation ? [`${title}: ${deviation}.`] : []));
  const draw = () =>
    sheet ? layOutTiles({ title: "Corruptions", subtitle, width, height, lines, notes, beside: true }) : last;
  await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
  if (values.has("json")) printJson(io, { out, set, seed, severities, kinds: kinds.map(about) });
  else for (const own of kinds) if (own.deviation) io.err(`vitrine: ${own.title}: ${own.deviation}`);
}

/** The size on a sheet: a small picture is enlarged to whole squares. */
function shownOf({ width, height }: Pixels): Shown {
  return Math.max(width, height) < ON_SHEET
    ? shownSize(width, height, ON_SHEET)
    : { width, height, squares: false };
}

function about({ name, title, deviation }: Corruption) {
  return { name, title, deviation };
}
