import { ATTRIBUTIONS } from "../../src/index.ts";
import { oneOf, type Slice, shareIn } from "../state/slice.ts";

export const SCALES = ["robust", "raw", "shared"] as const;
/** "robust": peaked maps end at their 99th percentile; "raw": nothing is clipped; "shared": one scale for the classes. */
export type ScaleOfMaps = (typeof SCALES)[number];

/** The techniques that are asked why, and the look of their maps. */
export interface WhyState {
  /** Techniques that were asked why, by their names, in the order of their cards. */
  readonly why: readonly string[];
  /** The layer whose maps the CAMs weigh; undefined: the last with pixels. */
  readonly weighs: string | undefined;
  /** The rule by which the colours of the maps end. */
  readonly ends: ScaleOfMaps;
  /** True if trust is measured beside each map. */
  readonly trust: boolean;
  /** True if Grad-CAM is shown at every layer, along the network. */
  readonly layerMaps: boolean;
  /** True if the maps of a decoder are shown, from coarse to fine, where the network has one. */
  readonly decoder: boolean;
  /** The card whose map lies over the image; undefined: the first. */
  readonly over: string | undefined;
  /** The strength with which maps cover the image, 0 to 1. */
  readonly strength: number;
}

const defaults: WhyState = {
  why: [],
  weighs: undefined,
  ends: "robust",
  trust: false,
  layerMaps: false,
  decoder: true,
  over: undefined,
  strength: 0.75,
};

export const whySlice: Slice<WhyState> = {
  defaults,
  withNetwork: { why: [], weighs: undefined, over: undefined },
  read(fields) {
    const asked = (fields.get("why") ?? "").split(",");
    return {
      why: ATTRIBUTIONS.map(({ name }) => name)
        .filter((name) => asked.includes(name))
        .sort((a, b) => asked.indexOf(a) - asked.indexOf(b)),
      weighs: fields.get("weighs") ?? undefined,
      ends: oneOf(fields.get("ends"), SCALES, defaults.ends),
      trust: fields.get("trust") === "on",
      layerMaps: fields.get("along") === "on",
      decoder: fields.get("decoder") !== "off",
      over: fields.get("over") ?? undefined,
      strength: shareIn(fields.get("strength"), defaults.strength),
    };
  },
  write({ why, weighs, ends, trust, layerMaps, decoder, over, strength }, put) {
    put("why", why.join(",") || undefined);
    put("weighs", weighs);
    put("ends", ends, defaults.ends);
    put("trust", trust ? "on" : undefined);
    put("along", layerMaps ? "on" : undefined);
    put("decoder", decoder ? undefined : "off");
    put("over", over);
    put("strength", Number(strength.toFixed(2)), defaults.strength);
  },
  admit({ weighs }, { mapLayers }) {
    if (weighs === undefined || mapLayers.includes(weighs)) return { change: {}, refused: [] };
    const refused = [`There is no layer “${weighs}” whose maps could be weighed.`];
    return { change: { weighs: undefined }, refused };
  },
};
