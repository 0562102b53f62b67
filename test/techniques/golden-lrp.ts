import type { Composite, CompositeName } from "../../src/relevance/rules.ts";
import { lrp } from "../../src/techniques/attribution/lrp.ts";
import type { Case } from "./golden.ts";

const RULES: readonly (readonly [golden: string, rules: CompositeName | Composite])[] = [
  // With ε = 0.001 everywhere PyTorch in float32 is 1e-4 from PyTorch in float64 on the residual network.
  ["lrp-epsilon", [{ at: "any", rule: { kind: "epsilon", epsilon: 0.01 } }]],
  ["lrp-gamma", "gamma"],
  ["lrp-z-plus", "z-plus"],
  ["lrp-composite", "composite"],
];

/** Relevance: golden/lrp.py says how the values were made. */
export const LRP: readonly Case[] = [
  ...RULES.map(([golden, rules]): Case => [golden, (network, input) => lrp(network, input, { rules })]),
  [
    "lrp-accounts",
    async (network, input) => {
      const accounts: number[] = [];
      for (const [, rules] of RULES) {
        const { score, input: image, bias, stabiliser } = (await lrp(network, input, { rules })).conservation;
        accounts.push(score, image, bias, stabiliser);
      }
      return { data: accounts, shape: [4, 4] };
    },
  ],
];
