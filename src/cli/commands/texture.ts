import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { readNpy } from "../../node/npy.ts";
import { EFROS_LEUNG, efrosLeung } from "../../techniques/synthesis/efros-leung.ts";
import { GRAM_TEXTURE, gramTexture } from "../../techniques/synthesis/gram-texture.ts";
import { namesOf } from "../image-names.ts";
import { sizeOption } from "../input-size.ts";
import { type Io, printJson, progressOf, UsageError } from "../io.ts";
import { LONGEST, layersIn, makingOf, pictureValues, pixelsOf, withPool } from "../made-pictures.ts";
import { openModel } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import { pictureHelp, pictureOptionNames } from "../picture-options.ts";
import { atMost, plainPicture } from "../plain-picture.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

const METHODS = ["efros-leung", "gram"] as const;

/** Options of the method by Gram matrices, and of that pixel by pixel. */
const GRAM = [
  "layer",
  ...pictureOptionNames(GRAM_TEXTURE),
  ...(["init", "save-every", "memory"] as const),
] as const;
const GROWN = pictureOptionNames(EFROS_LEUNG);

export const TEXTURE: CliCommand = {
  name: "texture",
  usage: "IMAGE",
  summary: "Make a texture of any size from a picture of it.",
  details: [
    "--method efros-leung grows it pixel by pixel from a piece of the picture: each pixel is one of the picture's whose surroundings look alike (Efros & Leung 1999). It asks no network. A picture of 64×64 pixels and a texture of 128×128 take seconds on a GPU, a minute or two on a software adapter; the time grows with the number of pixels of both.",
    "--method gram lets noise climb until --layer, or layers with commas between, have the picture's Gram matrices (Gatys, Ecker & Bethge 2015): the network sees the same things, elsewhere. --loss gatys has the published weights, for VGG networks; relative, the default, serves any network.",
  ],
  options: [
    ...MODEL_OPTIONS.filter((name) => !["resize", "fit", "layout", "head", "output"].includes(name)),
    ...(["image", "method", "longest", ...GROWN, ...GRAM, "seed", "out", "json"] as const),
  ],
  help: {
    ...pictureHelp(GRAM_TEXTURE),
    ...pictureHelp(EFROS_LEUNG),
    method: "The method: efros-leung or gram. Default efros-leung.",
    layer: 'The layer, or layers with commas between, of --method gram; "vitrine layers" lists them.',
    init: "The picture that --method gram begins with, FILE.npy, [H,W,3] of 0…1 at the texture's size. Default: noise.",
    longest: `The most pixels that the longer side of the picture may have; a larger one is made smaller first. Default ${LONGEST} with --method gram.`,
    memory: "The most GPU memory that networks may hold together, in MiB. Default 512.",
    "save-every": "Also write the texture after every N steps, beside --out: NAME-20.png after 20.",
    size: "Size of the texture in pixels. Default: twice the picture's; with --method gram the picture's.",
    seed: "Seed of the texture, and of the picture of synthetic:N. Default 0, and 1.",
    out: "The .png file for the texture; with --method gram also .npy, [H,W,3] of 0…1.",
  },
  examples: [
    "vitrine texture bricks.png --size 128 --window 15 --out wall.png",
    "vitrine texture synthetic:11 --size 64 --out checks.png",
    "vitrine texture bricks.png --method gram --layer conv1,conv2_2 --steps 100 --out wall.png",
  ],
  run: textureCommand,
};

async function textureCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  const method = values.choice("method", METHODS) ?? "efros-leung";
  const foreign = (method === "gram" ? GROWN : [...GRAM, ...MODEL]).find((option) => values.has(option));
  if (foreign) throw new UsageError(`--method ${method} takes no --${foreign}`);
  if (method === "gram") return gramCommand(names, values, io);
  const seed = values.whole("seed", 0, LARGEST_U32);
  const settings = pictureValues(EFROS_LEUNG, values);
  const size = sizeOption(values);
  const longest = values.whole("longest", 1, 65_535) ?? Number.POSITIVE_INFINITY;
  const out = await outOf(values, [".png"]);
  if (out === undefined && !values.has("json")) {
    throw new UsageError("texture expects --out texture.png, got none");
  }
  const name = onlyName(names, values);
  const device = await io.device();
  const sample = atMost(await plainPicture("texture", name, device, seed), longest);
  const { pixels, rounds } = await efrosLeung(device, sample, {
    ...{ ...settings, size, seed },
    ...{ signal: io.signal, onProgress: progressOf(io, "growing") },
  });
  io.progress();
  if (out !== undefined) {
    await writeResult(out, { data: new Float32Array(), shape: [0], draw: () => pixels }, io);
  }
  const { width, height } = pixels;
  if (values.has("json"))
    printJson(io, { image: name, method: METHODS[0], size: [height, width], rounds, out });
  else io.out(`${width}×${height} pixels of ${name}, in ${rounds} rounds`);
}

/** The options of a model that a texture without one takes no notice of. */
const MODEL = MODEL_OPTIONS.filter((name) => name !== "size");

async function gramCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  const layers = layersIn(values, "texture", "layer");
  const out = await outOf(values, [".png", ".npy"]);
  if (out === undefined && !values.has("json")) {
    throw new UsageError("texture expects --out texture.png, got none");
  }
  const making = makingOf(values, io, "weaving", out);
  const size = sizeOption(values);
  const longest = values.whole("longest", 1, 65_535) ?? LONGEST;
  const seed = values.whole("seed", 0, LARGEST_U32);
  const { loss = "relative", ...how } = pictureValues(GRAM_TEXTURE, values);
  const init = values.text("init");
  const name = onlyName(names, values);
  const start = init === undefined ? undefined : (await readNpy(init)).data;
  const graph = await openModel(values, io, []);
  const sample = atMost(await plainPicture("texture", name, await io.device(), seed), longest);
  const { pictures } = await withPool(graph, values, io, (networks) =>
    gramTexture(networks, sample, { ...making.options, ...how, layers, loss, seed, size, start }),
  );
  await making.written();
  const [picture] = pictures;
  if (!picture) return;
  if (out !== undefined) await writeResult(out, { ...picture, draw: () => pixelsOf(picture) }, io);
  const { shape, value, curve, notes = [] } = picture;
  const [height, width] = shape;
  if (values.has("json")) {
    const about = { image: name, method: "gram", model: graph.name, layers, out };
    printJson(io, { ...about, size: [height, width], loss: -value, curve: [...curve] });
    return;
  }
  const fallen = `${(-(curve[0] ?? 0)).toPrecision(3)} to ${(-value).toPrecision(3)}`;
  io.out(`${width}×${height} pixels of ${name}, loss ${fallen}`);
  for (const note of notes) io.out(`  ${note}`);
}

/** The one picture of a command line. */
function onlyName(names: readonly string[], values: Values): string {
  const [name, ...more] = namesOf(values, names);
  if (name !== undefined && more.length === 0) return name;
  throw new UsageError(`texture expects one IMAGE, got ${more.length > 0 ? more.length + 1 : "none"}`);
}
