import { composeContactSheet } from "../../figures/contact-sheet.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { className } from "../../graph/classes.ts";
import { headOf } from "../../graph/heads.ts";
import { createNetworks } from "../../network/pool.ts";
import type { FoolingPicture } from "../../techniques/robustness/fooling-picture.ts";
import type { Fooled, FoolingTechnique } from "../../techniques/robustness/fooling-technique.ts";
import { FOOLINGS, foolingNamed } from "../../techniques/robustness/list.ts";
import { Images } from "../images.ts";
import { type Io, printJson, progressOf, UsageError } from "../io.ts";
import { pictureValues } from "../made-pictures.ts";
import { openModel, preprocessingReport } from "../model.ts";
import type { OptionName } from "../options.ts";
import { Outputs, writeResult } from "../output.ts";
import { PICTURE_OPTIONS, pictureOptionNames } from "../picture-options.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

const METHODS = FOOLINGS.map(({ name }) => name);

/** Probability above which a network counts as fooled, as the paper has it. */
const FOOLED = 0.99;

/** The options of a way, beside those that all have. */
function optionsOf(technique: FoolingTechnique): OptionName[] {
  return [...pictureOptionNames(technique), technique.startable ? "from" : "batch"];
}

const OWN = new Set(FOOLINGS.flatMap(optionsOf));

export const FOOL: CliCommand = {
  name: "fool",
  usage: "",
  summary: "Make pictures that mean nothing to people and that the network is sure of.",
  details: [
    "--method cppn (the default) evolves small networks that draw regular patterns, direct evolves every pixel by itself. All classes evolve at once: each picture is held against every class. It ends where every class is above 0.99, or after --generations. gradient climbs from noise, or --from a picture, for each class by itself, until it is above 0.99, or for --steps (Nguyen et al. 2015).",
    "The probabilities are those of the 8-bit pixels that a file holds. --out sheet.png draws all pictures on one sheet, --out DIR writes each by itself.",
  ],
  options: [...MODEL_OPTIONS, "target", "method", ...OWN, "seed", "out", "json"],
  rows: FOOLINGS.map(({ name, summary }) => [name, summary]),
  help: {
    ...Object.fromEntries(
      FOOLINGS.flatMap(pictureOptionNames).map((name) => [name, PICTURE_OPTIONS[name].help]),
    ),
    target: "The classes to fool the network with, by number or label, separated by commas. Default: all.",
    method: "The method: cppn, direct or gradient. Default cppn.",
    batch: "Pictures of an evolution in one forward pass. The pictures stay the same. Default 16.",
    from: "The picture that --method gradient begins with. Default: noise.",
    seed: "Seed of the evolution, or of the noise. Default 0.",
    out: "File for a sheet of all pictures (.png, .svg), or a folder for a .png of each.",
  },
  examples: [
    "vitrine fool --generations 300 --children 64 --out fooling.png",
    "vitrine fool --method direct --target stripes,spiral --generations 100 --out fooling/",
    "vitrine fool --method gradient --from synthetic:3 --target ring --out ring.png",
  ],
  run(positionals, values, io) {
    assertNoArguments("fool", positionals);
    return foolCommand(values, io);
  },
};

async function foolCommand(values: Values, io: Io): Promise<void> {
  const method = values.choice("method", METHODS) ?? "cppn";
  const technique = foolingNamed(method);
  const own = optionsOf(technique);
  const foreign = [...OWN].find((name) => values.has(name) && !own.includes(name));
  if (foreign) throw new UsageError(`--method ${method} takes no --${foreign}`);
  const settings = pictureValues(technique, values);
  const batch = values.whole("batch", 1, 1024);
  const seed = values.whole("seed", 0, LARGEST_U32);
  const classes = values.text("target");
  const outputs = await Outputs.of(values, "out", [".png", ".svg"]);
  const graph = await openModel(values, io);
  const from = values.text("from");
  const start = from === undefined ? undefined : await new Images(graph, values, io, [from]).all();
  const climbing = progressOf(io, "climbing");
  const networks = createNetworks(await io.device(), graph);
  let found: Fooled;
  try {
    found = await technique.run(networks, {
      ...{ ...settings, batch, seed, confidence: FOOLED, from: start?.[0]?.values, signal: io.signal },
      classes:
        classes === undefined || classes === "all"
          ? undefined
          : classes.split(",").map((part) => part.trim()),
      onProgress(fraction, state) {
        if (!state) return climbing(fraction);
        const { generation, fooled, mean } = state;
        io.progress(`generation ${generation}: ${fooled} above ${FOOLED}, mean ${mean.toFixed(3)}`);
      },
    });
  } finally {
    networks.destroy();
  }
  io.progress();
  const head = headOf(graph);
  const name = ({ index }: FoolingPicture): string => className(head, index);
  const { pictures, ...numbers } = found;
  const work =
    numbers.generations === undefined
      ? ` from ${from ?? "noise"}`
      : `, ${numbers.generations} generations, ${numbers.evaluations} pictures`;
  if (outputs) await write(outputs, pictures, name, io);
  const fooled = pictures.filter(({ probability }) => probability > FOOLED).length;
  if (values.has("json")) {
    const results = pictures.map(({ pixels: _, ...about }) => about);
    const about = { model: graph.name, preprocessing: preprocessingReport(graph), method };
    printJson(io, { ...about, ...numbers, fooled, results });
    return;
  }
  io.out(`${method}${work}: ${fooled} of ${pictures.length} classes above ${FOOLED}`);
  const longest = Math.max(...pictures.map((picture) => name(picture).length));
  for (const picture of pictures) {
    const { probability, generation, steps } = picture;
    const when = generation === undefined ? `${steps} steps` : `generation ${generation}`;
    io.out(`  ${name(picture).padEnd(longest)}  ${probability.toFixed(4)}  ${when}`);
  }
}

/** Writes each picture by itself, or all on one sheet. */
async function write(
  outputs: Outputs,
  pictures: readonly FoolingPicture[],
  name: (picture: FoolingPicture) => string,
  io: Io,
): Promise<void> {
  const result = { data: new Float32Array(), shape: [0] };
  if (outputs.isFolder) {
    for (const picture of pictures) {
      await writeResult(outputs.fileFor(name(picture)), { ...result, draw: () => picture.pixels }, io);
    }
    return;
  }
  const sheet = pictures.map((picture) => ({
    picture: picture.pixels,
    text: `${name(picture)} ${picture.probability.toFixed(3)}`,
  }));
  await writeResult(outputs.path, { ...result, draw: () => composeContactSheet(sheet) }, io);
}
