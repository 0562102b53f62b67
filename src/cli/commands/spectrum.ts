import { syntheticPictures } from "../../dataset/synthetic.ts";
import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import { formatShape } from "../../gpu/tensor.ts";
import type { Pixels } from "../../images/pixels.ts";
import { decodeImage } from "../../node/image.ts";
import { spectrumOf } from "../../optimise/image/magnitude.ts";
import { messageOf } from "../error-messages.ts";
import { readSource } from "../image-files.ts";
import { isSynthetic, namesOf, syntheticNumber } from "../image-names.ts";
import { sizeOption } from "../input-size.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import type { CliCommand } from "./command.ts";

export const SPECTRUM: CliCommand = {
  name: "spectrum",
  usage: "[FOLDER|IMAGE...]",
  summary: "Measure the mean spectrum of pictures, which MACO holds fixed.",
  details: [
    "Each picture is squashed to --size, its values are taken as 0…1, and its colours are decorrelated. --out keeps the mean magnitude of the Fourier transforms, [H,W/2+1,3]: rows of frequencies as NumPy's rfft2 orders them.",
    "A few hundred photographs are enough. A broken picture among several is named and skipped; the exit code is then 1.",
  ],
  options: ["image", "size", "out", "json"],
  help: {
    image:
      "A picture: PNG, JPEG, TIFF, WebP, GIF or AVIF. A folder means all its pictures; a pattern in quotes ('shots/**/*.jpg') all files that match; synthetic:N picture N of the shipped data set.",
    size: "The size that pictures are squashed to, in pixels. Default 224.",
    out: "File for the array (.npy). Whether it can be written is checked before any work; it is written whole or not at all.",
  },
  examples: ["vitrine spectrum a.jpg b.jpg c.jpg --size 128 --out spectrum.npy"],
  run: spectrumCommand,
};

async function spectrumCommand(positionals: readonly string[], values: Values, io: Io): Promise<void> {
  const names = namesOf(values, positionals);
  if (names.length === 0) throw new UsageError("spectrum expects a folder or pictures, got none");
  const size = sizeOption(values) ?? [224, 224];
  const out = await outOf(values, [".npy"]);
  if (out === undefined) throw new UsageError("spectrum expects --out spectrum.npy, got none");
  const device = await io.device();
  const broken: string[] = [];
  const pictures = picturesOf(names, device, io, broken);
  const magnitude = await spectrumOf(device, pictures, { size, signal: io.signal });
  io.progress();
  const count = names.length - broken.length;
  await writeResult(out, magnitude, io);
  if (values.has("json")) printJson(io, { pictures: count, shape: magnitude.shape, out });
  else
    io.out(`${count} ${count === 1 ? "picture" : "pictures"}, magnitudes of ${formatShape(magnitude.shape)}`);
  if (broken.length === 0) return;
  throw new InputError(
    `${broken.length} of ${names.length} pictures could not be used: ${broken.join(", ")}`,
  );
}

/** The pictures of these names, one after another; of several, one that is broken is named and left out. */
async function* picturesOf(
  names: readonly string[],
  device: GPUDevice,
  io: Io,
  broken: string[],
): AsyncGenerator<Pixels> {
  for (const [i, name] of names.entries()) {
    io.signal.throwIfAborted();
    io.progress(`picture ${i + 1} of ${names.length}`);
    let picture: Pixels;
    try {
      picture = await readPhoto(name, device);
    } catch (error) {
      const own = error instanceof InputError || error instanceof UnsupportedError;
      if (!own || names.length === 1) throw error;
      io.err(`vitrine: ${messageOf(error)}`);
      broken.push(name);
      continue;
    }
    yield picture;
  }
}

async function readPhoto(name: string, device: GPUDevice): Promise<Pixels> {
  if (isSynthetic(name)) {
    const index = syntheticNumber(name);
    if (!/^\d+$/.test(index)) {
      throw new UsageError(`spectrum expects synthetic: and a whole number, got "${name}"`);
    }
    for await (const picture of syntheticPictures(device, { first: Number(index) })) return picture;
  }
  const source = await readSource(name);
  if ("bytes" in source) return decodeImage(source.bytes, name);
  throw new InputError(`image "${name}": expected a picture, got an array`);
}
