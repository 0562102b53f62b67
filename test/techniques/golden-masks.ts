import { deprocess } from "../../src/images/preprocess.ts";
import { quickshift } from "../../src/images/quickshift.ts";
import type { Network } from "../../src/network/network.ts";
import { lime } from "../../src/techniques/attribution/lime.ts";
import { rise } from "../../src/techniques/attribution/rise.ts";
import type { Case } from "./golden.ts";

const RISE = { samples: 24, seed: 3, fill: 0 };

const segmentsOf = ({ graph }: Network, input: Float32Array) =>
  quickshift(deprocess(input, graph), { kernel: 2 }).labels;

const explained = (network: Network, input: Float32Array) =>
  lime(network, input, { samples: 64, seed: 9, segments: segmentsOf(network, input) });

/** Masks: golden/masks.py says how the values were made, with the same masks and hidden segments from the same seed on both sides. */
export const MASKS: readonly Case[] = [
  ["rise", (network, input) => rise(network, input, { ...RISE, on: "logit" })],
  ["rise-probability", (network, input) => rise(network, input, { ...RISE, grid: 5, keep: 0.25 })],
  [
    "segments",
    async (network, input) => ({
      data: segmentsOf(network, input),
      shape: network.input.shape.slice(1, 3),
    }),
  ],
  ["lime", explained],
  [
    "lime-fit",
    async (network, input) => {
      const { fit } = await explained(network, input);
      return { data: [fit.intercept, fit.r2], shape: [2] };
    },
  ],
];
