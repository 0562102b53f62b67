import { ATTRIBUTIONS } from "../../techniques/attribution/list.ts";
import { explainOne } from "../explain-one.ts";
import { explainSeveral } from "../explain-several.ts";
import { askingOf, layerHasNeurons } from "../explanation.ts";
import { forEachImage } from "../for-each-image.ts";
import { warnOfHead } from "../heads.ts";
import { Images } from "../images.ts";
import { type Io, UsageError } from "../io.ts";
import { openModel } from "../model.ts";
import { withNetworks } from "../networks.ts";
import { FIGURE_OR_ARRAY, Outputs } from "../output.ts";
import { regionOf } from "../region.ts";
import { techniquesNamed } from "../technique-settings.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS, OUT_FOR_EACH, TECHNIQUE_OPTION_NAMES } from "./command.ts";
import { rowOf } from "./techniques.ts";

export const EXPLAIN: CliCommand = {
  name: "explain",
  usage: "TECHNIQUE,… | --all [IMAGE...]",
  summary: "Show which pixels decided the answer.",
  rows: ATTRIBUTIONS.map(rowOf),
  details: [
    "The explained score is the class's logit, before the softmax or sigmoid. For a regression it is the value; for scores at every place, the sum over the places that have the class. --layer explains neurons instead: the sum of the layer, of one --channel of it, or of one place with --at. For scores at every place, --at without --layer asks about one pixel, and --region about a mask. For a CAM, --layer is the layer whose maps are weighted and added.",
    "--out map.png (or .svg) draws the image, the map over it, and the map with its colour bar. --out map.npy keeps the numbers: float32, in the shape that is given above.",
    "Several techniques, several classes (--target a,b) or several layers of a CAM (--layer a,b) are drawn side by side in one picture. --all shows every technique, with a table of how far each map can be trusted. With several techniques, --layer is the CAMs' layer, and neurons are explained with --channel or --at beside it.",
    "Integrated gradients doubles its steps, at most four times, until the map's sum is within 1 % of the difference that it explains. With --steps N it takes exactly N.",
  ],
  options: [
    "image",
    ...MODEL_OPTIONS,
    "all",
    "target",
    "layer",
    "channel",
    "at",
    "region",
    ...TECHNIQUE_OPTION_NAMES,
    "batch",
    "memory",
    "trust",
    "measures",
    "scale",
    "show",
    "clip",
    "colors",
    "seed",
    "out",
    "overlay",
    "json",
  ],
  help: OUT_FOR_EACH,
  examples: [
    "vitrine explain grad-cam --image synthetic:4 --out cam.png",
    "vitrine explain --all --image synthetic:4 --out sheet.png",
    "vitrine explain grad-cam photo.jpg --model squeezenet --labels imagenet.json --target tabby,beagle --out two.png",
    "vitrine explain saliency dog.jpg --model squeezenet --labels imagenet.json --target beagle --out map.npy",
    "vitrine explain occlusion x.npy --target 7 --patch 16 --stride 8 --fill 0 --json",
    "vitrine explain deconvnet --image synthetic:3 --layer conv3_3 --channel 5 --out pattern.png",
    "vitrine explain grad-cam a.jpg b.jpg c.jpg --out maps/",
    "vitrine explain grad-cam street.jpg --model segmentation/ --target car --at 120,80 --out why-here.png",
    "vitrine explain grad-cam photo.jpg --colors turbo --overlay over.png",
  ],
  leading: (values) => (values.has("all") ? 0 : 1),
  run: explainCommand,
};

async function explainCommand(positionals: readonly string[], values: Values, io: Io): Promise<void> {
  const all = values.has("all");
  const [names, ...rest] = all ? ["", ...positionals] : positionals;
  const techniques = all ? ATTRIBUTIONS : techniquesNamed("explain", names);
  const out = await Outputs.of(values, "out", FIGURE_OR_ARRAY);
  const overlay = await Outputs.of(values, "overlay", [".png"]);
  if (out && out.path === overlay?.path) {
    throw new UsageError(`expected --out and --overlay to differ, got "${out.path}" for both`);
  }
  const graph = await openModel(values, io, rest);
  const asked = askingOf(techniques, graph, values);
  const asking = { ...asked, where: await regionOf(graph, values, layerHasNeurons(techniques, values)) };
  const [technique] = techniques;
  const setting = { graph, values, io, out, overlay };
  const one = techniques.length * asking.targets.length * Math.max(1, asking.layers.length) === 1;
  const { needs, explain } =
    one && technique ? explainOne(technique, asking, setting) : explainSeveral(asking, setting);
  const images = new Images(graph, values, io, rest);
  const several = await images.several().catch(() => images.count > 1);
  out?.assertFor(several, "out");
  overlay?.assertFor(several, "overlay");
  warnOfHead(graph, io);

  const batch = { graph, values, io, several };
  await withNetworks(await io.device(), graph, needs, values, (networks) =>
    forEachImage(images, batch, (input) => explain(networks, input)),
  );
  if (!out && !overlay && !values.has("json")) {
    io.err(
      "vitrine: --out map.png draws it, --overlay photo.png draws it over the photograph, --out map.npy keeps the numbers",
    );
  }
}
