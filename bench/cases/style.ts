import { shapesOf, upTo, withAveragePools } from "../../src/graph.ts";
import type { Graph } from "../../src/index.ts";
import { featureDistance, gramDistance, type Objective, totalVariation } from "../../src/objectives.ts";
import { lbfgs, pixelImage } from "../../src/optimise.ts";
import type { Bench, Case, Prepared, Task } from "../case.ts";
import { difference, normDifference } from "../compare.ts";
import { type StyleScale, styleNetwork } from "../graphs/style-network.ts";
import { type Scale, vgg16 } from "../graphs/vgg16.ts";
import { workOf } from "../graphs/work.ts";
import { noise } from "../random.ts";
import { sizeOf } from "../shape.ts";
import { tfjsStyle } from "../techniques/tfjs-synthesis.ts";
import { ascends, tfjsAscends } from "./ascents.ts";
import { forwardContenders, imagesFor } from "./forward.ts";
import { formatScale } from "./networks.ts";

const STYLE_LAYERS = [1, 2, 3, 4, 5].map((block) => `block${block}_conv1`);
const CONTENT = "block4_conv2";
const VARIATION = 1e-3;
/** Pairs of L-BFGS, and steps until all are there. */
const HISTORY = 10;
/**
 * Shares of its direction that the first step goes, and the others. The first as L-BFGS has it is so short that the difference of
 * two gradients is mostly their rounding.
 */
const FIRST = 300;
const SHORT = 0.1;

function style(bench: Bench, graph: Graph): Prepared {
  const shapes = shapesOf(graph);
  const shape = shapes.get(graph.layers[0]?.name ?? "") ?? [];
  const styles = STYLE_LAYERS.map((layer, n) => {
    const channels = shapes.get(layer)?.at(-1) ?? 1;
    return { layer, gram: noise([channels, channels], 20 + n, 0.01), weight: 100 };
  });
  const activation = noise(shapes.get(CONTENT) ?? [], 30);
  const content = { layer: CONTENT, activation, weight: 5 };
  const start = noise(shape, 7, 1.5);
  const objective = styles.reduce(
    (sum: Objective, { layer, gram, weight }) =>
      sum.minus(gramDistance(layer, gram, { normalise: "elements" }).times(weight)),
    featureDistance(content.layer, activation, { over: "elements" })
      .times(-content.weight)
      .minus(totalVariation().times(VARIATION)),
  );
  const options = {
    objective,
    image: pixelImage({ range: "input", start }),
    optimiser: lbfgs({
      history: HISTORY,
      rate: [
        { steps: 1, rate: FIRST },
        { steps: 1, rate: SHORT },
      ],
    }),
  };
  const layers = [...STYLE_LAYERS, CONTENT];
  return {
    contenders: [
      {
        ...{ name: "vitrine", kind: "ours" },
        create: () => ascends(bench, graph, 1, layers, options, HISTORY + 1),
      },
      tfjsAscends(
        bench,
        (tf) =>
          tfjsStyle(tf, {
            graph,
            start,
            styles,
            content,
            variation: VARIATION,
            history: HISTORY,
            rates: [FIRST, SHORT],
          }),
        HISTORY + 1,
      ),
    ],
    reference: "peer",
    // How far it went, for the start is most of the picture.
    check: (y, witness) =>
      normDifference(
        y.map((v, i) => v - (start[i] ?? 0)),
        witness.map((v, i) => v - (start[i] ?? 0)),
      ),
  };
}

function styleTask(scale: Scale): Task {
  // Average pools, as the paper has them.
  const cut = (graph: Graph): Graph => withAveragePools(upTo(graph, [...STYLE_LAYERS, CONTENT]));
  const { flops, bytes } = workOf(cut(vgg16(scale, { outline: true })), 1);
  const pixels = 4 * sizeOf([scale.side, scale.side, 3]);
  return {
    size: `${formatScale(scale)}, ${HISTORY} pairs`,
    // Forward and back, and every pair read in both loops.
    work: { flops: 2 * flops, bytes: 2 * bytes + 4 * HISTORY * pixels },
    tolerance: 1e-3,
    prepare: (bench) => style(bench, cut(vgg16(scale))),
  };
}

function stylisedTask(scale: StyleScale): Task {
  const { height, width, channels } = scale;
  return {
    size: `${height}×${width}${channels === 1 ? "" : `, 1/${1 / channels} width`}`,
    work: workOf(styleNetwork(scale, { outline: true }), 1),
    tolerance: 1e-3,
    prepare(bench) {
      const graph = styleNetwork(scale);
      const contenders = forwardContenders(bench, graph, 1, imagesFor(graph, 1));
      return {
        contenders: contenders.filter(({ name }) => name !== "onnxruntime"),
        reference: "peer",
        check: difference,
      };
    },
  };
}

/** Style by steps of an ascent, and by a network that restyles a picture in one pass. */
export const styleCases: readonly Case[] = [
  {
    id: "synthesis/style-step",
    title: "a step of neural style: five Gram matrices, content, total variation, L-BFGS",
    goals: [{ of: "tfjs", least: 4 }],
    tasks: [
      styleTask({ side: 256, width: 1 }),
      styleTask({ side: 128, width: 1 / 4 }),
      styleTask({ side: 64, width: 1 / 8 }),
    ],
  },
  ...(
    [
      [256, 256],
      [480, 640],
    ] as const
  ).map(
    ([height, width]): Case => ({
      id: `synthesis/stylised-${height}x${width}`,
      title: `a picture of ${height}×${width} restyled in one pass`,
      goals: [{ of: "tfjs", least: 2 }],
      tasks: [
        stylisedTask({ height, width, channels: 1 }),
        stylisedTask({ height, width, channels: 1 / 4 }),
        stylisedTask({ height: height / 4, width: width / 4, channels: 1 / 4 }),
      ],
    }),
  ),
];
