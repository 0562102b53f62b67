import { basename } from "node:path";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { pictureOf } from "../../graph/graph.ts";
import type { Pixels } from "../../images/pixels.ts";
import type { PictureValues } from "../../images/zoom.ts";
import { createNetworks } from "../../network/pool.ts";
import { DEEP_DREAM, deepDream, deepDreamZoom } from "../../techniques/synthesis/deep-dream.ts";
import { asRgb } from "../../techniques/synthesis/unit-pictures.ts";
import { namesOf } from "../image-names.ts";
import { type Io, printJson, progressOf, UsageError } from "../io.ts";
import { numberIn, pictureValues, pixelsOf } from "../made-pictures.ts";
import { openModel, preprocessingReport } from "../model.ts";
import { Outputs, writeResult } from "../output.ts";
import { pictureHelp, pictureOptionNames } from "../picture-options.ts";
import { atMost, plainPicture } from "../plain-picture.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

/** Longer side of a photograph as it is dreamt, unless --longest says otherwise. */
const LONGEST = 640;

export const DREAM: CliCommand = {
  name: "dream",
  usage: "IMAGE",
  summary: "Let a layer see more of what it sees in a picture: DeepDream.",
  details: [
    "The picture climbs at several sizes, from small to large, so that the activations of --layer grow (Mordvintsev et al. 2015). The network runs at the picture's own size; the layers behind --layer are left out. Several layers, separated by commas, dream together.",
    "With --guide, each place of the picture becomes more like the place of a second picture that matches it best. With --frames a film: each frame begins at the last one, drawn larger about its middle. --out DIR writes its frames, numbered.",
  ],
  options: [
    ...MODEL_OPTIONS.filter((name) => !["size", "resize", "fit", "layout", "head", "output"].includes(name)),
    ...(["image", "layer", "guide"] as const),
    ...pictureOptionNames(DEEP_DREAM),
    ...(["frames", "zoom", "longest", "memory", "seed", "out", "json"] as const),
  ],
  help: {
    ...pictureHelp(DEEP_DREAM),
    layer: 'The layer, or layers with commas between, whose activations grow; "vitrine layers" lists them.',
    longest: `The most pixels that the picture's longer side may have; a larger picture is made smaller first. Default ${LONGEST}.`,
    seed: "Seed of the rolls, and of the picture of synthetic:N. Default 0, and 1.",
    out: "File for the picture (.png, .npy), or for a film a folder for its frames.",
  },
  examples: [
    "vitrine dream photo.jpg --layer conv3_3 --octaves 2 --out dream.png",
    "vitrine dream photo.jpg --model squeezenet --layer fire5_concat --out dream.png",
    "vitrine dream photo.jpg --model squeezenet --layer fire5_concat --guide street.jpg --out guided.png",
    "vitrine dream photo.jpg --layer conv2_2 --octaves 1 --steps 2 --frames 3 --out film/",
  ],
  run: dreamCommand,
};

async function dreamCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  const layers = values
    .text("layer")
    ?.split(",")
    .map((name) => name.trim());
  if (!layers) throw new UsageError('dream expects --layer NAME, got none; "vitrine layers" lists the names');
  const frames = values.whole("frames", 1, 100_000);
  if (frames === undefined && values.has("zoom")) throw new UsageError("--zoom expects --frames beside it");
  const out = await Outputs.of(values, "out", [".png", ".npy"]);
  out?.assertFor(frames !== undefined, "out");
  if (!out && !values.has("json")) throw new UsageError("dream expects --out dream.png, got none");
  const [name, ...more] = namesOf(values, names);
  if (name === undefined || more.length > 0) {
    throw new UsageError(`dream expects one IMAGE, got ${more.length > 0 ? more.length + 1 : "none"}`);
  }
  const settings = pictureValues(DEEP_DREAM, values);
  const longest = values.whole("longest", 1, 65_535) ?? LONGEST;
  const seed = values.whole("seed", 0, LARGEST_U32);
  const graph = await openModel(values, io, []);
  pictureOf(graph, "dream");
  const device = await io.device();
  const read = async (file: string): Promise<Pixels> =>
    atMost(await plainPicture("dream", file, device, seed), longest);
  const picture = await read(name);
  const guide = values.text("guide");
  const zoom = numberIn(values, "zoom");
  const options = {
    ...settings,
    ...{ layer: layers, guide: guide === undefined ? undefined : await read(guide) },
    ...{ seed, signal: io.signal, onProgress: progressOf(io, "dreaming") },
  };
  const files: string[] = [];
  const mebibytes = values.whole("memory", 1, 2 ** 20);
  const memory = mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
  const networks = createNetworks(device, graph, { memory });
  try {
    if (frames === undefined) await write(await deepDream(networks, picture, options), basename(name));
    else {
      let number = 0;
      for await (const frame of deepDreamZoom(networks, picture, { ...options, frames, zoom })) {
        await write(frame, `${String(++number).padStart(String(frames).length, "0")}.png`);
      }
    }
  } finally {
    networks.destroy();
  }
  io.progress();
  const { width, height } = picture;
  const about = { model: graph.name, preprocessing: preprocessingReport(graph), image: name, layers };
  if (values.has("json")) printJson(io, { ...about, size: [height, width], out: files });
  else io.out(`${width}×${height} pixels of ${basename(name)}, dreamt by ${layers.join(", ")}`);

  async function write({ data, shape }: PictureValues, called: string): Promise<void> {
    if (!out) return;
    const file = out.fileFor(called);
    const [h, w] = shape;
    const draw = () => pixelsOf({ data: asRgb(data, shape), shape: [h, w, 3] });
    await writeResult(file, { data, shape, draw }, io);
    files.push(file);
  }
}
