import { basename } from "node:path";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { readNpy } from "../../node/npy.ts";
import { NEURAL_STYLE, neuralStyle } from "../../techniques/synthesis/neural-style.ts";
import { sizeOption } from "../input-size.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import {
  LONGEST,
  layersIn,
  MADE_OPTIONS,
  makingOf,
  pictureValues,
  pixelsOf,
  withPool,
} from "../made-pictures.ts";
import { openModel, preprocessingReport } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import { pictureHelp, pictureOptionNames } from "../picture-options.ts";
import { atMost, plainPicture } from "../plain-picture.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const STYLE: CliCommand = {
  name: "style",
  usage: "CONTENT STYLE",
  summary: "Draw one picture in the style of another: neural style.",
  details: [
    "The picture climbs until --content-layers have the activations of CONTENT, and --style-layers the Gram matrices of STYLE (Gatys, Ecker & Bethge 2015). Layers early in the network give colors and strokes, later ones larger forms.",
    "--loss johnson and gatys have the published weights, for VGG networks: content 5, style 100; content 1, style 4000. relative, the default, counts layers alike, and serves any network: content 1e5, style 1e5.",
  ],
  options: [
    ...MODEL_OPTIONS.filter((name) => !["resize", "fit", "layout", "head", "output"].includes(name)),
    ...(["content-layers", "style-layers"] as const),
    ...pictureOptionNames(NEURAL_STYLE),
    ...(["init", "longest"] as const),
    ...MADE_OPTIONS,
  ],
  help: {
    ...pictureHelp(NEURAL_STYLE),
    init: "What the picture begins as: noise (the default), content, or FILE.npy, [H,W,3] of 0…1 at its size. The noise is of next to nothing; stronger, where the network has no gradient there, and the output says so.",
    size: "Size of the picture in pixels. Default: the content's, as --longest allows.",
    longest: `The most pixels that the longer side of either picture may have; a larger one is made smaller first. Default ${LONGEST}.`,
    seed: "Seed of the noise, and of the picture of synthetic:N. Default 0, and 1.",
    memory: "The most GPU memory that networks may hold together, in MiB. Default 512.",
    "save-every": "Also write the picture after every N steps, beside --out: NAME-20.png after 20.",
    out: "File for the picture (.png), or the array [H,W,3] of 0…1 (.npy).",
  },
  examples: [
    "vitrine style photo.jpg bricks.png --content-layers conv3_3 --style-layers conv1,conv2_2 --out styled.png",
    "vitrine style photo.jpg bricks.png --content-layers conv2_2 --style-layers conv1 --init content --steps 20 --out a.png",
  ],
  run: styleCommand,
};

async function styleCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  const [content, style, ...more] = names;
  if (content === undefined || style === undefined || more.length > 0) {
    throw new UsageError(`style expects CONTENT and STYLE, got ${names.length} pictures`);
  }
  const contentLayers = layersIn(values, "style", "content-layers");
  const styleLayers = layersIn(values, "style", "style-layers");
  const out = await outOf(values, [".png", ".npy"]);
  if (out === undefined && !values.has("json"))
    throw new UsageError("style expects --out styled.png, got none");
  const making = makingOf(values, io, "styling", out);
  const size = sizeOption(values);
  const longest = values.whole("longest", 1, 65_535) ?? LONGEST;
  const seed = values.whole("seed", 0, LARGEST_U32);
  const { loss = "relative", ...how } = pictureValues(NEURAL_STYLE, values);
  const init = await initOf(values);
  const graph = await openModel(values, io, []);
  const device = await io.device();
  const read = async (name: string) => atMost(await plainPicture("style", name, device, seed), longest);
  const [from, by] = [await read(content), await read(style)];
  const { pictures } = await withPool(graph, values, io, (networks) =>
    neuralStyle(networks, from, by, {
      ...{ ...making.options, ...how, contentLayers, styleLayers, loss, seed, size, init },
    }),
  );
  await making.written();
  const [picture] = pictures;
  if (!picture) return;
  if (out !== undefined) await writeResult(out, { ...picture, draw: () => pixelsOf(picture) }, io);
  const { shape, value, curve, notes = [] } = picture;
  const [height, width] = shape;
  const about = { model: graph.name, preprocessing: preprocessingReport(graph), content, style, out };
  if (values.has("json")) {
    printJson(io, { ...about, size: [height, width], loss: -value, curve: [...curve] });
    return;
  }
  const fallen = `${(-(curve[0] ?? 0)).toPrecision(3)} to ${(-value).toPrecision(3)}`;
  io.out(`${width}×${height} pixels of ${basename(content)} by ${basename(style)}, loss ${fallen}`);
  for (const note of notes) io.out(`  ${note}`);
}

async function initOf(values: Values): Promise<"noise" | "content" | Float32Array> {
  const init = values.text("init") ?? "noise";
  if (init === "noise" || init === "content") return init;
  if (!init.toLowerCase().endsWith(".npy")) {
    throw new UsageError(`--init expects noise, content or FILE.npy, got "${init}"`);
  }
  return (await readNpy(init)).data;
}
