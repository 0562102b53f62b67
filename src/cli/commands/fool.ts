import { composeContactSheet } from "../../figures/contact-sheet.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { className } from "../../graph/classes.ts";
import { headOf } from "../../graph/heads.ts";
import {
  evolveFoolingImages,
  type FoolingEvolution,
  type FoolingPicture,
} from "../../techniques/robustness/evolution/evolve.ts";
import { type Io, printJson } from "../io.ts";
import { openModel, preprocessingReport } from "../model.ts";
import { Outputs, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { withNetwork } from "../with-network.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

const METHODS = ["cppn", "direct"] as const;

/** Probability above which a network counts as fooled, as the paper has it. */
const FOOLED = 0.99;

export const FOOL: CliCommand = {
  name: "fool",
  usage: "",
  summary: "Make pictures that mean nothing to people and that the network is sure of.",
  details: [
    "--method cppn (the default) evolves small networks that draw regular patterns, direct evolves every pixel by itself (Nguyen et al. 2015). All classes evolve at once: each picture is held against every class. It ends where every class is above 0.99, or after --generations.",
    "The probabilities are those of the 8-bit pixels that a file holds. --out sheet.png draws all pictures on one sheet, --out DIR writes each by itself.",
  ],
  options: [
    ...MODEL_OPTIONS,
    ...(["target", "method", "generations", "children", "batch", "seed", "out", "json"] as const),
  ],
  help: {
    target: "The classes to fool the network with, by number or label, separated by commas. Default: all.",
    method: "The method: cppn or direct. Default cppn.",
    batch: "Pictures in one forward pass. The pictures stay the same. Default 16.",
    seed: "Seed of the evolution. Default 0.",
    out: "File for a sheet of all pictures (.png, .svg), or a folder for a .png of each.",
  },
  examples: [
    "vitrine fool --generations 300 --children 64 --out fooling.png",
    "vitrine fool --method direct --target stripes,spiral --generations 100 --out fooling/",
  ],
  run(positionals, values, io) {
    assertNoArguments("fool", positionals);
    return foolCommand(values, io);
  },
};

async function foolCommand(values: Values, io: Io): Promise<void> {
  const encoding = values.choice("method", METHODS) ?? "cppn";
  const most = 2 ** 24;
  const settings = {
    encoding,
    generations: values.whole("generations", 1, most),
    children: values.whole("children", 1, most),
    seed: values.whole("seed", 0, LARGEST_U32),
    classes: classesOf(values),
  };
  const batch = values.whole("batch", 1, 1024) ?? 16;
  const outputs = await Outputs.of(values, "out", [".png", ".svg"]);
  const graph = await openModel(values, io);
  const options = { batch, keep: [], gradients: false };
  const found = await withNetwork(await io.device(), graph, options, (network) =>
    evolveFoolingImages(network, {
      ...settings,
      confidence: FOOLED,
      signal: io.signal,
      onProgress: (_, { generation, fooled, mean }) =>
        io.progress(`generation ${generation}: ${fooled} above ${FOOLED}, mean ${mean.toFixed(3)}`),
    }),
  );
  io.progress();
  const head = headOf(graph);
  const name = ({ index }: FoolingPicture): string => className(head, index);
  if (outputs) await write(outputs, found.pictures, name, io);
  const { generations, evaluations, pictures } = found;
  if (values.has("json")) {
    const results = pictures.map(({ pixels: _, ...about }) => about);
    const about = { model: graph.name, preprocessing: preprocessingReport(graph), method: encoding };
    printJson(io, { ...about, generations, evaluations, fooled: fooledOf(found), results });
    return;
  }
  io.out(
    `${encoding}, ${generations} generations, ${evaluations} pictures: ${fooledOf(found)} of ${pictures.length} classes above ${FOOLED}`,
  );
  const longest = Math.max(...pictures.map((picture) => name(picture).length));
  for (const picture of pictures) {
    const probability = picture.probability.toFixed(4);
    io.out(`  ${name(picture).padEnd(longest)}  ${probability}  generation ${picture.generation}`);
  }
}

function classesOf(values: Values): string[] | undefined {
  const text = values.text("target");
  return text === undefined || text === "all" ? undefined : text.split(",").map((part) => part.trim());
}

function fooledOf({ pictures }: FoolingEvolution): number {
  return pictures.filter(({ probability }) => probability > FOOLED).length;
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
