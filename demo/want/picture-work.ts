import type { Graph } from "../../src/index.ts";
import type { PictureOptions, PictureTechnique } from "../../src/synthesis.ts";
import { mapLayersOf } from "../subjects.ts";
import type { Asked } from "./asked.ts";
import { dreamSizes, usualSteps } from "./growth.ts";

/** How a technique is asked about the picture that is shown. */
export interface PictureWork {
  readonly technique: PictureTechnique;
  /** The longer side of its pictures, in pixels; undefined: the network's own size. */
  readonly longest: number | undefined;
  /** Layers of each of its pictures, which are made one after another. */
  readonly layers: readonly (readonly string[])[];
  readonly contentLayers: readonly string[];
  readonly options: Pick<PictureOptions, "steps" | "octaves" | "seed" | "init">;
}

/** Shares of the network's depth at which features are inverted, style is taken, and content is kept. */
const DEPTHS = [0.1, 0.4, 0.7, 1];
const STYLE_DEPTHS = [0.1, 0.3, 0.5];
const CONTENT_DEPTH = 0.7;

/** The longer side of pictures that climb at a size of their own, and of textures that grow pixel by pixel. */
const LONGEST = { climbs: [256, 96], grows: [128, 64], draws: [640, 192] } as const;

/** Distinct layers at shares of the depth, among those with several places. */
function layersAt(graph: Graph, shares: readonly number[]): string[] {
  const all = mapLayersOf(graph);
  return [...new Set(shares.map((share) => all[Math.round(share * (all.length - 1))] ?? ""))].filter(Boolean);
}

/** How a technique is asked now. */
export function workOf(asked: Asked, technique: PictureTechnique): PictureWork {
  const { session, software, layer, state } = asked;
  const { options, asks, command } = technique;
  const [onGpu, onSoftware] =
    LONGEST[technique.draws ? "draws" : asks.includes("layers") ? "climbs" : "grows"];
  const dreams = "octaves" in options;
  const { octaves, longest } = dreamSizes(session);
  const inverts = command === "invert";
  const layers = dreams ? [layer ?? ""] : layersAt(session.graph, inverts ? DEPTHS : STYLE_DEPTHS);
  return {
    technique,
    longest: dreams ? longest : inverts ? undefined : software ? onSoftware : onGpu,
    layers: inverts ? layers.map((one) => [one]) : [layers],
    contentLayers: layersAt(session.graph, [CONTENT_DEPTH]),
    options: {
      ...("steps" in options ? { steps: usualSteps(technique, software) } : {}),
      ...(dreams ? { octaves } : {}),
      ...(technique.draws ? {} : { seed: state.seed }),
      // From next to nothing a small network's style may never get away.
      ...(asks.includes("contentLayers") ? { init: "content" as const } : {}),
    },
  };
}
