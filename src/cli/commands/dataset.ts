import { extname, join } from "node:path";
import { syntheticNames, syntheticPictures } from "../../dataset/synthetic.ts";
import { composeContactSheet } from "../../figures/contact-sheet.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import type { Pixels } from "../../images/pixels.ts";
import { writePng } from "../../node/image.ts";
import { tryFile, tryFolder } from "../../node/write.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand } from "./command.ts";

export const DATASET: CliCommand = {
  name: "dataset",
  usage: "",
  summary: "Draw pictures of the shipped data set.",
  details: [
    "A picture follows from its seed and index; its class is the index modulo 16.",
    "The shipped network learned from the indices 0 to 23999 of seed 1. It has not seen those from 1000000 on.",
  ],
  options: ["index", "seed", "count", "size", "pair", "out", "json"],
  help: {
    size: "Side of a picture in pixels. Default 96.",
    out: "File for one picture, or for a sheet of --count of them (.png or .svg); or a folder with a file for each. Whether it can be written is checked before any work; it is written whole or not at all.",
  },
  examples: [
    "vitrine dataset --index 4 --out ring.png",
    "vitrine dataset --index 1000000 --count 32 --out sheet.png",
    "vitrine dataset --count 1000 --out pictures",
  ],
  run(positionals, values, io) {
    assertNoArguments("dataset", positionals);
    return datasetCommand(values, io);
  },
};

async function datasetCommand(values: Values, io: Io): Promise<void> {
  const seed = values.whole("seed", 0, LARGEST_U32) ?? 1;
  const count = values.whole("count", 1, 100_000) ?? 1;
  const first = values.whole("index", 0, LARGEST_U32 - count + 1) ?? 0;
  const size = values.whole("size", 8, 2048) ?? 96;
  const pair = values.has("pair");
  const out = values.text("out");
  if (out === undefined && !values.has("json")) {
    throw new UsageError("dataset expects --out picture.png, or --out and a folder, got none");
  }
  const kind = out === undefined ? "" : extname(out).toLowerCase();
  if (!["", ".png", ".svg"].includes(kind)) {
    throw new UsageError(`--out expects a file that ends in .png or .svg, or a folder, got "${out}"`);
  }
  const sheet = kind !== "";
  if (sheet && count * size ** 2 > 2 ** 26) {
    throw new UsageError(`a sheet of ${count} pictures of ${size}×${size} is too large; give --out a folder`);
  }

  const drawn: { picture: Pixels; text: string }[] = [];
  const report = [];
  if (out !== undefined) await (sheet ? tryFile(out, "--out") : tryFolder(out));
  const pictures =
    out === undefined ? [] : syntheticPictures(await io.device(), { first, count, size, seed, pair });
  let index = first;
  for await (const picture of pictures) {
    io.signal.throwIfAborted();
    const names = syntheticNames(index, pair);
    if (sheet) drawn.push({ picture, text: `${index} ${names.join(", ")}` });
    else await writePng(join(out ?? "", fileName(index, names)), picture);
    index++;
    io.progress(`drawing ${index - first} of ${count}`);
  }
  io.progress();
  for (let i = first; i < first + count; i++) {
    const names = syntheticNames(i, pair);
    const file = out !== undefined && !sheet ? { file: join(out, fileName(i, names)) } : {};
    report.push({ index: i, labels: names, ...file });
  }
  const [only] = drawn;
  if (sheet && out !== undefined && only) {
    const bare = drawn.length === 1 && kind === ".png";
    const draw = () => (bare ? only.picture : composeContactSheet(drawn));
    await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
  } else if (out !== undefined) {
    io.err(`vitrine: wrote ${count} ${count === 1 ? "picture" : "pictures"} to ${out}`);
  }
  if (values.has("json")) printJson(io, { seed, size, pair, pictures: report });
}

function fileName(index: number, names: readonly string[]): string {
  return `${String(index).padStart(6, "0")}-${names.join("-")}.png`;
}
