import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { efrosLeung } from "../../techniques/synthesis/efros-leung.ts";
import { namesOf } from "../image-names.ts";
import { sizeOption } from "../input-size.ts";
import { type Io, printJson, progressOf, UsageError } from "../io.ts";
import { outOf, writeResult } from "../output.ts";
import { plainPicture } from "../plain-picture.ts";
import type { Values } from "../values.ts";
import type { CliCommand } from "./command.ts";

const METHODS = ["efros-leung"] as const;

export const TEXTURE: CliCommand = {
  name: "texture",
  usage: "IMAGE",
  summary: "Make a texture of any size from a picture of it.",
  details: [
    "--method efros-leung grows it pixel by pixel from a piece of the picture: each pixel is one of the picture's whose surroundings look alike (Efros & Leung 1999). It asks no network. A picture of 64×64 pixels and a texture of 128×128 take seconds on a GPU, a minute or two on a software adapter; the time grows with the number of pixels of both.",
  ],
  options: ["image", "method", "size", "window", "seed", "out", "json"],
  help: {
    method: "The method: efros-leung, which is the only one so far and the default.",
    size: "Size of the texture in pixels. Default: twice the picture's.",
    seed: "Seed of the texture, and of the picture of synthetic:N. Default 0, and 1.",
    out: "The .png file for the texture.",
  },
  examples: [
    "vitrine texture bricks.png --size 128 --window 15 --out wall.png",
    "vitrine texture synthetic:11 --size 64 --out checks.png",
  ],
  run: textureCommand,
};

async function textureCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  values.choice("method", METHODS);
  const seed = values.whole("seed", 0, LARGEST_U32);
  const window = values.whole("window", 3, 61);
  const size = sizeOption(values);
  const out = await outOf(values, [".png"]);
  if (out === undefined && !values.has("json")) {
    throw new UsageError("texture expects --out texture.png, got none");
  }
  const [name, ...more] = namesOf(values, names);
  if (name === undefined || more.length > 0) {
    throw new UsageError(`texture expects one IMAGE, got ${more.length > 0 ? more.length + 1 : "none"}`);
  }
  const device = await io.device();
  const sample = await plainPicture("texture", name, device, seed);
  const { pixels, rounds } = await efrosLeung(device, sample, {
    ...{ size, window, seed },
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
