import type { Option } from "./option.ts";

/** The options of the commands that compare pictures by their features. */
export const MAP_OPTIONS = {
  dimensions: { name: "dimensions", value: "2|3", help: "Dimensions of the map. Default 2." },
  perplexity: {
    name: "perplexity",
    value: "P",
    help: "How many neighbours t-SNE looks at, softly. Default 30, or less of few pictures.",
  },
  iterations: { name: "iterations", value: "N", help: "Iterations of the map." },
  snap: { name: "snap", help: "Snap the pictures to a grid, so that none covers another." },
  thumbnail: {
    name: "thumbnail",
    value: "PX",
    help: "Longer side of a picture on the map in pixels; 0 draws dots. Default 32.",
  },
  canvas: { name: "canvas", value: "PX", help: "Side of the map in pixels, 64 to 8192. Default 1000." },
  frame: {
    name: "frame",
    value: "label|answer|none",
    help: "What the pictures' frames are coloured by: their label, the network's answer, or nothing. Default label.",
  },
  picture: {
    name: "picture",
    value: "ID",
    help: "A picture of the data set, by its name or number.",
  },
  nearest: { name: "nearest", value: "K", help: "How many neighbours to show. Default 9." },
} as const satisfies Record<string, Option>;
