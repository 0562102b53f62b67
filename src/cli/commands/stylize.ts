import { basename } from "node:path";
import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { type Graph, type OutputRange, pictureOf } from "../../graph/graph.ts";
import { isOutputRange } from "../../graph/output-range.ts";
import { createNetworks } from "../../network/pool.ts";
import { createStylist, FEED_FORWARD_STYLE } from "../../techniques/synthesis/stylize.ts";
import { messageOf } from "../error-messages.ts";
import { namesOf } from "../image-names.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { pictureValues } from "../made-pictures.ts";
import { openModel, preprocessingReport } from "../model.ts";
import { Outputs, writeResult } from "../output.ts";
import { pictureHelp, pictureOptionNames } from "../picture-options.ts";
import { atMost, plainPicture } from "../plain-picture.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

/** The border with which the shipped style network was trained. */
const SHIPPED_BORDER = 12;

export const STYLIZE: CliCommand = {
  name: "stylize",
  usage: "IMAGE...",
  summary: "Draw pictures in the style of a feed-forward style network.",
  details: [
    "--model is the style network: any network from a picture to a picture of the same size. It runs once, at the picture's full size (Johnson et al. 2016). A folder of a film's frames is drawn frame by frame into the folder --out.",
    "What the network takes (--preprocess) and gives (--gives) is not guessed: where its file does not say it, you do. Networks that take and give 0…255 want --preprocess none --gives 0,255.",
  ],
  options: [
    ...MODEL_OPTIONS.filter(
      (name) => !["size", "resize", "fit", "layout", "head", "output", "labels"].includes(name),
    ),
    ...(["image", "gives"] as const),
    ...pictureOptionNames(FEED_FORWARD_STYLE),
    ...(["longest", "memory", "seed", "out", "json"] as const),
  ],
  help: {
    ...pictureHelp(FEED_FORWARD_STYLE),
    model:
      "The style network. Default: the one shipped with Vitrine, which embosses outlines on brown grain; it gets a --border of 12.",
    longest:
      "The most pixels that the longer side of a picture may have; a larger one is made smaller first.",
    seed: "Seed of the picture of synthetic:N. Default 1.",
    out: "The .png file for the picture; for several a folder.",
  },
  examples: [
    "vitrine stylize photo.jpg --out painted.png",
    "vitrine stylize photo.jpg --model style/ --preprocess none --gives 0,255 --out painted.png",
    "vitrine stylize frames/ --model style/ --preprocess none --gives 0,255 --longest 640 --out painted/",
  ],
  run: stylizeCommand,
};

async function stylizeCommand(given: readonly string[], values: Values, io: Io): Promise<void> {
  const names = namesOf(values, given);
  if (names.length === 0) throw new UsageError("stylize expects an IMAGE, got none");
  const { border = values.has("model") ? undefined : SHIPPED_BORDER } = pictureValues(
    FEED_FORWARD_STYLE,
    values,
  );
  const longest = values.whole("longest", 1, 65_535);
  const mebibytes = values.whole("memory", 1, 2 ** 20);
  const seed = values.whole("seed", 0, LARGEST_U32);
  const out = await Outputs.of(values, "out", [".png"]);
  if (!out) throw new UsageError("stylize expects --out painted.png, got none");
  out.assertFor(names.length > 1, "out");
  const graph = await openModel(values, io, [], "helpers/style");
  pictureOf(graph, "stylize");
  const output = rangeOf(graph, values);
  if (graph.preprocessing.guessed?.includes("values")) {
    throw new UsageError(
      "stylize expects --preprocess beside a network whose file does not say what it takes: none for 0…255, unit for 0…1, signed for −1…1",
    );
  }
  const device = await io.device();
  const networks = createNetworks(
    device,
    graph,
    mebibytes === undefined ? {} : { memory: mebibytes * 2 ** 20 },
  );
  const reports: { image: string; size: readonly number[]; out: string }[] = [];
  const broken: string[] = [];
  let stylist: Awaited<ReturnType<typeof createStylist>> | undefined;
  try {
    for (const [i, name] of names.entries()) {
      io.signal.throwIfAborted();
      io.progress(`picture ${i + 1} of ${names.length}`);
      try {
        const whole = await plainPicture("stylize", name, device, seed);
        const picture = longest === undefined ? whole : atMost(whole, longest);
        const { width, height } = picture;
        // Frames of a film have one size, and share a network.
        if (stylist?.width !== width || stylist.height !== height) {
          stylist?.destroy();
          stylist = undefined;
          stylist = await createStylist(networks, picture, { output, border });
        }
        const drawn = await stylist.draw(picture, { signal: io.signal });
        const file = out.fileFor(basename(name));
        await writeResult(file, { data: new Float32Array(), shape: [0], draw: () => drawn }, io);
        reports.push({ image: name, size: [height, width], out: file });
      } catch (error) {
        const own = error instanceof InputError || error instanceof UnsupportedError;
        if (!own || names.length === 1 || io.signal.aborted) throw error;
        io.err(`vitrine: ${name}: ${messageOf(error)}`);
        broken.push(name);
      }
    }
  } finally {
    stylist?.destroy();
    networks.destroy();
  }
  io.progress();
  if (values.has("json")) {
    printJson(io, {
      model: graph.name,
      preprocessing: preprocessingReport(graph),
      output,
      pictures: reports,
    });
  } else {
    for (const { image, size } of reports) {
      io.out(`${size[1]}×${size[0]} pixels of ${basename(image)}, drawn by ${graph.name}`);
    }
  }
  if (broken.length > 0) {
    throw new InputError(
      `${broken.length} of ${names.length} images could not be used: ${broken.join(", ")}`,
    );
  }
}

/** The network's numbers for black and white, as given or as its file declares. @throws UsageError */
function rangeOf({ outputRange }: Graph, values: Values): OutputRange {
  const range = values.numbers("gives") ?? outputRange;
  if (isOutputRange(range)) return range;
  const got = values.text("gives") ?? "none, and the network's file declares none";
  throw new UsageError(
    `stylize expects --gives BLACK,WHITE, the network's numbers for them such as 0,255, got ${got}`,
  );
}
