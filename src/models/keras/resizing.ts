import type { PictureFit } from "../../graph/preprocessing.ts";
import type { KerasLayer, KerasModel } from "./topology.ts";

/** Settings of a model's own Resizing layer. */
export interface OwnSize {
  readonly height: number;
  readonly width: number;
  readonly fit: PictureFit;
}

/** Layers that leave an image's size as it is, and may stand before a Resizing. */
const BEFORE = /^(InputLayer|Rescaling|Normalization|Random(?!Crop|Height|Width).*)$/;

/** The size that a model gives every picture before it looks at it, where its first layers do. */
export function ownSize({ layers }: KerasModel): OwnSize | undefined {
  for (const layer of layers) {
    if (layer.className === "Resizing") return sizeOf(layer);
    if (layer.model) return ownSize(layer.model);
    if (!BEFORE.test(layer.className)) return undefined;
  }
  return undefined;
}

function sizeOf({ config }: KerasLayer): OwnSize {
  const cuts = config.flag("crop_to_aspect_ratio", false);
  const pads = config.flag("pad_to_aspect_ratio", false);
  return {
    height: config.number("height", Number.NaN),
    width: config.number("width", Number.NaN),
    fit: cuts ? "cover" : pads ? "contain" : "stretch",
  };
}
