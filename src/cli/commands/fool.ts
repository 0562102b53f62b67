import { composeContactSheet } from "../../figures/contact-sheet.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { className } from "../../graph/classes.ts";
import type { Graph } from "../../graph/graph.ts";
import { headOf } from "../../graph/heads.ts";
import { createNetworks } from "../../network/pool.ts";
import { evolveFoolingImages } from "../../techniques/robustness/evolution/evolve.ts";
import { foolingImages } from "../../techniques/robustness/fooling.ts";
import type { FoolingPicture } from "../../techniques/robustness/fooling-picture.ts";
import { Images } from "../images.ts";
import { type Io, printJson, progressOf, UsageError } from "../io.ts";
import { openModel, preprocessingReport } from "../model.ts";
import { Outputs, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { withNetwork } from "../with-network.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

const METHODS = ["cppn", "direct", "gradient"] as const;

/** Probability above which a network counts as fooled, as the paper has it. */
const FOOLED = 0.99;
const MOST = 2 ** 24;

/** Options of the methods by evolution, and of that by gradient. */
const EVOLUTION = ["generations", "children", "batch"] as const;
const GRADIENT = ["from", "steps"] as const;

export const FOOL: CliCommand = {
  name: "fool",
  usage: "",
  summary: "Make pictures that mean nothing to people and that the network is sure of.",
  details: [
    "--method cppn (the default) evolves small networks that draw regular patterns, direct evolves every pixel by itself. All classes evolve at once: each picture is held against every class. It ends where every class is above 0.99, or after --generations. gradient climbs from noise, or --from a picture, for each class by itself, until it is above 0.99, or for --steps (Nguyen et al. 2015).",
    "The probabilities are those of the 8-bit pixels that a file holds. --out sheet.png draws all pictures on one sheet, --out DIR writes each by itself.",
  ],
  options: [...MODEL_OPTIONS, "target", "method", ...EVOLUTION, ...GRADIENT, "seed", "out", "json"],
  help: {
    target: "The classes to fool the network with, by number or label, separated by commas. Default: all.",
    method: "The method: cppn, direct or gradient. Default cppn.",
    batch: "Pictures of an evolution in one forward pass. The pictures stay the same. Default 16.",
    from: "The picture that --method gradient begins with. Default: noise.",
    steps: "The most steps of --method gradient for each class. Default 300.",
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

/** Pictures, and in words how they were come to. */
interface Fooled {
  readonly pictures: readonly (FoolingPicture & { readonly generation?: number; readonly steps?: number })[];
  readonly work: string;
  readonly numbers: Readonly<Record<string, number>>;
}

async function foolCommand(values: Values, io: Io): Promise<void> {
  const method = values.choice("method", METHODS) ?? "cppn";
  const foreign = (method === "gradient" ? EVOLUTION : GRADIENT).find((name) => values.has(name));
  if (foreign) throw new UsageError(`--method ${method} takes no --${foreign}`);
  const outputs = await Outputs.of(values, "out", [".png", ".svg"]);
  const graph = await openModel(values, io);
  const found = await (method === "gradient"
    ? climbing(graph, values, io)
    : evolving(graph, method, values, io));
  io.progress();
  const head = headOf(graph);
  const name = ({ index }: FoolingPicture): string => className(head, index);
  const { pictures, work, numbers } = found;
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

async function evolving(graph: Graph, encoding: "cppn" | "direct", values: Values, io: Io): Promise<Fooled> {
  const options = {
    encoding,
    ...common(values, io),
    generations: values.whole("generations", 1, MOST),
    children: values.whole("children", 1, MOST),
  };
  const batch = values.whole("batch", 1, 1024) ?? 16;
  const ofNetwork = { batch, keep: [], gradients: false };
  const { pictures, ...numbers } = await withNetwork(await io.device(), graph, ofNetwork, (network) =>
    evolveFoolingImages(network, {
      ...options,
      onProgress: (_, { generation, fooled, mean }) =>
        io.progress(`generation ${generation}: ${fooled} above ${FOOLED}, mean ${mean.toFixed(3)}`),
    }),
  );
  const work = `, ${numbers.generations} generations, ${numbers.evaluations} pictures`;
  return { pictures, numbers, work };
}

async function climbing(graph: Graph, values: Values, io: Io): Promise<Fooled> {
  const options = { ...common(values, io), steps: values.whole("steps", 1, 100_000) };
  const from = values.text("from");
  const start = from === undefined ? undefined : await new Images(graph, values, io, [from]).all();
  const networks = createNetworks(await io.device(), graph);
  try {
    const pictures = await foolingImages(networks, {
      ...options,
      from: start?.[0]?.values,
      onProgress: progressOf(io, "climbing"),
    });
    return { pictures, numbers: {}, work: from === undefined ? " from noise" : ` from ${from}` };
  } finally {
    networks.destroy();
  }
}

function common(values: Values, { signal }: Io) {
  const text = values.text("target");
  return {
    classes: text === undefined || text === "all" ? undefined : text.split(",").map((part) => part.trim()),
    ...{ confidence: FOOLED, seed: values.whole("seed", 0, LARGEST_U32), signal },
  };
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
