import type { Option } from "./option.ts";

/** The options of the commands that fit something to pictures of a data set, and judge it by others. */
export const LAB_OPTIONS = {
  train: {
    name: "train",
    value: "N",
    help: "Pictures that are fitted to. Default 128, or half of the data set where it has fewer than 256.",
  },
  test: {
    name: "test",
    value: "N",
    help: "Other pictures, on which the fit is judged. Default 128, or the other half.",
  },
  lambda: {
    name: "lambda",
    value: "X",
    help: "Penalty of the ridge regression, in units of the mean variance of what it reads. Default 0.0001.",
  },
  places: {
    name: "places",
    value: "N",
    help: "Places of each picture that the fit reads, at most; all are judged. Default 256.",
  },
  filter: {
    name: "filter",
    value: "1|2|3",
    help: "Side of the filters that are fitted, in places of the layer. Default 1.",
  },
  transform: {
    name: "transform",
    value: "T,…",
    help: "What pictures are moved by, with commas between: flip, flip-vertical, rotate-90, rotate-180, rotate-270, rescale; or identity, as a control. Default: flip, flip-vertical and rotate-180, and rotate-90 where the network takes squares.",
  },
  enlarge: {
    name: "enlarge",
    value: "X",
    help: "How much larger rescale makes, 0.25 to 4. Default 1.414.",
  },
  into: {
    name: "into",
    value: "NAME",
    help: "The layer of the second network whose values are replaced. Default: the one that --layer names.",
  },
  grid: { name: "grid", value: "N", help: "Places a side of an even grid. Default 5." },
  points: {
    name: "points",
    value: "Y,X;…",
    help: "Places of --layer in the first picture, from 0,0 at the top left, with semicolons between: '3,4;7,2'. Default: those of --grid.",
  },
  dissection: {
    name: "dissection",
    value: "FILE",
    help: 'The dissection.json of "vitrine dissect --out", which names the concepts that units detect.',
  },
  metric: {
    name: "metric",
    value: "cosine|euclidean",
    help: "How near places are: by the angle of their channels, or by the length of the difference. Default cosine.",
  },
  by: {
    name: "by",
    value: "A,…",
    help: "Attributes, with commas between: brightness, contrast, sharpness, clutter, hue, saturation, pixels, and columns of --attributes; of synthetic pictures object-size, object-x, object-y and object-offset, too. Default: contrast, sharpness, clutter, brightness, the columns, and those of synthetic pictures.",
  },
  attributes: {
    name: "attributes",
    value: "FILE.csv",
    help: "A table of the pictures with a head row: a column of their names, and columns of numbers or words.",
  },
  masks: {
    name: "masks",
    value: "DIR",
    help: "Masks of concepts: DIR/PICTURE/CONCEPT.png, PICTURE being the picture's name without its extension; white where the concept is.",
  },
  nodes: { name: "nodes", value: "N", help: "The most nodes of the tree, leaves counted. Default 31." },
  components: {
    name: "components",
    value: "N",
    help: "Gaussians of the mixture. Default 100, or a tenth of the pictures.",
  },
  draws: {
    name: "draws",
    value: "N",
    help: "Points drawn in each node to split it, and as many again to weigh the split. Default 2000.",
  },
  human: {
    name: "human",
    value: "FILE.csv",
    help: "A human's labels of the pictures: a name, a comma, a label.",
  },
} as const satisfies Record<string, Option>;
