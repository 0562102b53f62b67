import { basename } from "node:path";
import { composeContactSheet } from "../../figures/contact-sheet.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { readNpy } from "../../node/npy.ts";
import { FEATURE_INVERSION, featureInversion } from "../../techniques/synthesis/feature-inversion.ts";
import { Images } from "../images.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import {
  arrayOf,
  layersIn,
  MADE_OPTIONS,
  makingOf,
  pictureValues,
  pixelsOf,
  withPool,
} from "../made-pictures.ts";
import { openModel, preprocessingReport } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import { pictureHelp } from "../picture-options.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const INVERT: CliCommand = {
  name: "invert",
  usage: "IMAGE",
  summary: "Show what a layer knows of a picture: invert its features.",
  details: [
    "A picture that begins as noise climbs until --layer has the same activations for it as for IMAGE, while it stays as smooth as natural images are (Mahendran & Vedaldi 2015). Several layers, with commas between, are drawn side by side. What is left of the features' distance is printed, as a share of their square.",
    "The published 400 steps take minutes on a software adapter.",
  ],
  options: ["image", ...MODEL_OPTIONS, "layer", "variation", "init", ...MADE_OPTIONS],
  help: {
    ...pictureHelp(FEATURE_INVERSION),
    layer:
      'The layer, or layers with commas between, whose features are inverted; "vitrine layers" lists them.',
    seed: "Seed of the noise, and of the picture of synthetic:N. Default 0, and 1.",
    memory: "The most GPU memory that networks may hold together, in MiB. Default 512.",
    "save-every": "Also write the picture after every N steps, beside --out: NAME-20.png after 20.",
    out: "File for the picture (.png), or the array [layers,H,W,3] of 0…1 (.npy).",
  },
  examples: [
    "vitrine invert photo.jpg --layer conv1 --steps 100 --out inverted.png",
    "vitrine invert synthetic:4 --layer conv1,conv2_2,conv3_3 --steps 40 --out depths.png",
  ],
  run: invertCommand,
};

async function invertCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  const layers = layersIn(values, "invert", "layer");
  const out = await outOf(values, [".png", ".npy"]);
  if (out === undefined && !values.has("json"))
    throw new UsageError("invert expects --out inverted.png, got none");
  if (layers.length > 1 && values.has("save-every")) {
    throw new UsageError(`--save-every expects one layer, got ${layers.length}`);
  }
  const making = makingOf(values, io, "inverting", out);
  const seed = values.whole("seed", 0, LARGEST_U32);
  const init = values.text("init");
  const graph = await openModel(values, io, names);
  const [image, ...more] = await new Images(graph, values, io, names).all();
  if (!image || more.length > 0) throw new UsageError(`invert expects one IMAGE, got ${more.length + 1}`);
  const start = init === undefined ? undefined : (await readNpy(init)).data;
  const { pictures } = await withPool(graph, values, io, (networks) =>
    featureInversion(networks, image.values, {
      ...{ ...making.options, ...pictureValues(FEATURE_INVERSION, values) },
      ...{ layers, seed, start },
    }),
  );
  await making.written();
  const [first] = pictures;
  if (out !== undefined && first) {
    const array = arrayOf(
      pictures.map(({ data }) => data),
      first.shape,
    );
    const sheet = pictures.map((picture) => ({ picture: pixelsOf(picture), text: picture.name }));
    const draw = () => (pictures.length > 1 ? composeContactSheet(sheet) : pixelsOf(first));
    await writeResult(out, { ...array, draw }, io);
  }
  if (values.has("json")) {
    printJson(io, {
      ...{ model: graph.name, preprocessing: preprocessingReport(graph), image: image.name },
      results: pictures.map(({ name, value, curve }) => ({
        layer: name,
        distance: -value,
        curve: [...curve],
      })),
    });
    return;
  }
  for (const { name, value, notes = [] } of pictures) {
    io.out(
      `${basename(image.name)} from ${name}: ${(-100 * value).toPrecision(3)} % of the features are left`,
    );
    for (const note of notes) io.out(`  ${note}`);
  }
}
