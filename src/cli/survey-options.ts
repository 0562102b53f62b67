import type { Option } from "./option.ts";

/** The options of the commands that go over a data set. */
export const SURVEY_OPTIONS = {
  layers: {
    name: "layers",
    value: "L,…",
    help: "Layers, with commas between. Default: every layer as it leaves its activation.",
  },
  features: {
    name: "features",
    value: "L,…",
    help: "Layers whose channel means are kept for each picture. Default: the layer that the output's last weights read.",
  },
  bins: {
    name: "bins",
    value: "N",
    help: "Bins of each channel's histogram; 0 for none. Default 64. Its range is found in the first 64 pictures, with room on either side.",
  },
  correlation: {
    name: "correlation",
    help: "Gather how channels vary together as well: C·C numbers a layer.",
  },
  truth: {
    name: "truth",
    value: "FILE.csv",
    help: "A table that gives pictures their labels: a path within the folder, a comma, a label. Default: the names of the folders that the pictures are in.",
  },
  strict: { name: "strict", help: "Stop at a picture that cannot be read, instead of passing over it." },
  shard: {
    name: "shard",
    value: "I/N",
    help: "See every N-th picture from the I-th, I from 0. Default: the part that a scheduler gave this process, if one did (Slurm's array, a Kubernetes Indexed Job, AWS Batch, GNU parallel); else all.",
  },
  shards: {
    name: "shards",
    value: "N",
    help: "Number of parts, where the scheduler tells only which of them this is: Kubernetes, GNU parallel.",
  },
  survey: {
    name: "survey",
    value: "DIR",
    help: "The folder of a survey of the same network and data set. Default: a survey is made, and not kept.",
  },
  mask: { name: "mask", help: "Darken what of a patch was of no relevance through the channel." },
  criteria: {
    name: "criteria",
    value: "l1,taylor,car",
    help: "Ways to say how important a filter is, with commas between. Default: all that the layer has.",
  },
  abs: {
    name: "abs",
    value: "example|element|end",
    help: "Where taylor takes the magnitude of activation × gradient: of each example's mean, of each element, or of the mean over all. Default example.",
  },
  twins: {
    name: "twins",
    value: "R",
    help: "Two channels are twins where |correlation| is above R, 0 up to 1. Default 0.9.",
  },
  prune: { name: "prune", value: "N", help: "Remove N channels, and tell how right the network stays." },
  checkpoint: {
    name: "checkpoint",
    value: "N",
    help: "Pictures between two times that what was found is kept. Default 2048.",
  },
  kinds: {
    name: "kinds",
    value: "K,…",
    help: "Kinds of corruption, with commas between, or all. Default: the benchmark's fifteen.",
  },
  severities: {
    name: "severities",
    value: "1,…",
    help: "Severities of 1 to 5, with commas between. Default: all.",
  },
  against: {
    name: "against",
    value: "FILE.json",
    help: "The curves.json of another network over the same pictures, whose errors are divided by.",
  },
  corrupt: {
    name: "corrupt",
    value: "KIND:1…5",
    help: 'Corrupt every picture first: fog:3. "vitrine corrupt --help" lists the kinds.',
  },
} as const satisfies Record<string, Option>;
