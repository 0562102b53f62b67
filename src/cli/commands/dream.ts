import { basename } from "node:path";
import { UnsupportedError } from "../../gpu/errors.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { pictureOf } from "../../graph/graph.ts";
import type { Pixels } from "../../images/pixels.ts";
import type { PictureValues as Picture } from "../../images/zoom.ts";
import { createNetworks } from "../../network/pool.ts";
import { deepDream, deepDreamZoom } from "../../techniques/synthesis/deep-dream.ts";
import { namesOf } from "../image-names.ts";
import { type Io, printJson, progressOf, UsageError } from "../io.ts";
import { openModel, preprocessingReport } from "../model.ts";
import { Outputs, writeResult } from "../output.ts";
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
    ...(["image", "layer", "guide", "octaves", "ratio", "steps", "rate", "jitter"] as const),
    ...(["frames", "zoom", "longest", "memory", "seed", "out", "json"] as const),
  ],
  help: {
    layer: 'The layer, or layers with commas between, whose activations grow; "vitrine layers" lists them.',
    steps: "Steps at each size. Default 10.",
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
  const longest = values.whole("longest", 1, 65_535) ?? LONGEST;
  const seed = values.whole("seed", 0, LARGEST_U32);
  const graph = await openModel(values, io, []);
  const channels = pictureOf(graph, "dream").shape[2];
  if (channels !== 3) {
    throw new UnsupportedError(
      `dream: expected a network that takes pictures of 3 channels, got ${channels}`,
    );
  }
  const device = await io.device();
  const read = async (file: string): Promise<Picture> =>
    valuesOf(atMost(await plainPicture("dream", file, device, seed), longest));
  const picture = await read(name);
  const guide = values.text("guide");
  const one = (option: "ratio" | "rate" | "zoom"): number | undefined => values.numbers(option)?.[0];
  const zoom = one("zoom");
  const options = {
    ...{ layer: layers, guide: guide === undefined ? undefined : await read(guide) },
    octaves: values.whole("octaves", 1, 16),
    scale: one("ratio"),
    steps: values.whole("steps", 1, 100_000),
    rate: one("rate"),
    jitter: values.whole("jitter", 0, 10_000),
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
  const [height, width] = picture.shape;
  const about = { model: graph.name, preprocessing: preprocessingReport(graph), image: name, layers };
  if (values.has("json")) printJson(io, { ...about, size: [height, width], out: files });
  else io.out(`${width}×${height} pixels of ${basename(name)}, dreamt by ${layers.join(", ")}`);

  async function write(frame: Picture, called: string): Promise<void> {
    if (!out) return;
    const file = out.fileFor(called);
    await writeResult(file, { ...frame, draw: () => pixelsOf(frame) }, io);
    files.push(file);
  }
}

/** Pixels as values of 0…1. */
function valuesOf({ width, height, data }: Pixels): Picture {
  return { data: Float32Array.from(data, (value) => value / 255), shape: [height, width, 3] };
}

/** Values of 0…1 as pixels. */
function pixelsOf({ data, shape: [height, width] }: Picture): Pixels {
  return { width, height, data: Uint8ClampedArray.from(data, (value) => 255 * value) };
}
