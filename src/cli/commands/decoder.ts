import { basename } from "node:path";
import { composeMultiples } from "../../figures/multiples.ts";
import { formatShape } from "../../gpu/tensor.ts";
import { headOf } from "../../graph/heads.ts";
import { deprocess } from "../../images/preprocess.ts";
import { coarseToFine, decoderOf } from "../../techniques/units/coarse-to-fine.ts";
import { forEachImage } from "../for-each-image.ts";
import { headNotes, headReport, warnOfHead } from "../heads.ts";
import { Images } from "../images.ts";
import type { Io } from "../io.ts";
import { shadingOf } from "../map-colors.ts";
import { openModel, preprocessingReport, provenance } from "../model.ts";
import { findObjective } from "../objective.ts";
import { Outputs, summaryOf, writeResult } from "../output.ts";
import { regionOf } from "../region.ts";
import type { Values } from "../values.ts";
import { withNetwork } from "../with-network.ts";
import { type CliCommand, MODEL_OPTIONS, OUT_FOR_EACH } from "./command.ts";

export const DECODER: CliCommand = {
  name: "decoder",
  usage: "[IMAGE...]",
  summary: "Show a segmentation network's decoder, from its coarsest maps to its finest.",
  details: [
    "Of each resolution, one map of the last layer: the channel whose activations times their gradients add most to the score of the class (Noh et al. 2015, figure 4). --target, --at and --region say what is asked, as for explain.",
  ],
  options: ["image", ...MODEL_OPTIONS, "target", "at", "region", "clip", "colors", "seed", "out", "json"],
  help: { out: (OUT_FOR_EACH.out ?? "").replace(", or the array (.npy)", "").replace(", 'DIR/*.npy'", "") },
  examples: ["vitrine decoder street.jpg --model segmentation/ --target car --out decoder.png"],
  run: decoderCommand,
};

async function decoderCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  const out = await Outputs.of(values, "out", [".png", ".svg"]);
  const graph = await openModel(values, io, names);
  const keep = decoderOf(graph);
  const where = await regionOf(graph, values);
  const images = new Images(graph, values, io, names);
  const several = await images.several().catch(() => images.count > 1);
  out?.assertFor(several, "out");
  warnOfHead(graph, io);
  const shading = shadingOf(values);
  const batch = { graph, values, io, several };
  await withNetwork(await io.device(), graph, { keep }, (network) =>
    forEachImage(images, batch, async (input) => {
      const asked = { neurons: undefined, where };
      const objective = await findObjective(network, input, asked, values, io.signal);
      const { target, output } = objective;
      const { steps } = await coarseToFine(network, input.values, { target, output, signal: io.signal });
      const file = out?.fileFor(input.name);
      const title = `From coarse to fine: ${objective.title}`;
      const draw = () =>
        composeMultiples({
          image: deprocess(input.values, graph),
          title,
          subtitle: [graph.name, ...headNotes(graph), basename(input.name), ...provenance(graph, input)].join(
            " · ",
          ),
          columns: steps.map(({ layer }) => layer),
          rows: [
            {
              label: "",
              cells: steps.map(({ data: map, shape, channel, share }) => ({
                ...{ map, shape, kind: "activation", ...shading },
                note: `${formatShape(shape)}, channel ${channel}, ${(100 * share).toFixed(0)} %`,
              })),
            },
          ],
          show: "map",
          notes: [
            "Of each resolution the channel that adds most to the score, with its part of what all channels add.",
          ],
        });
      if (file !== undefined) await writeResult(file, { data: new Float32Array(), shape: [0], draw }, io);
      const report = {
        model: graph.name,
        preprocessing: preprocessingReport(graph),
        output: headReport(headOf(graph)),
        image: input.name,
        fitted: input.fitted,
        target: objective.report,
        steps: steps.map(({ data, ...step }) => ({ ...step, ...summaryOf(data) })),
        out: file,
      };
      if (values.has("json")) return report;
      io.out(title);
      for (const { layer, shape, channel, share } of steps) {
        io.out(
          `  ${formatShape(shape)}  ${layer}, channel ${channel}: ${(100 * share).toFixed(0)} % of what its channels add`,
        );
      }
      return report;
    }),
  );
}
