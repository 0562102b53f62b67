import type { Honesty } from "../metrics/honesty.ts";
import { honestyOf } from "../metrics/honesty.ts";
import { createNetworks, type Networks } from "../network/pool.ts";
import type { SynthesisRequest } from "../techniques/synthesis/plan.ts";
import type { SyntheticPicture } from "../techniques/synthesis/synthesis.ts";
import type { SynthesisTechnique } from "../techniques/synthesis/technique.ts";
import { unitsOf } from "../techniques/synthesis/wanted.ts";
import { expandNames } from "./image-names.ts";
import { Images } from "./images.ts";
import { type Io, progressOf, UsageError } from "./io.ts";
import { openModel } from "./model.ts";
import { Values } from "./values.ts";

const ASKED = ["data", "second"] as const;

/** @throws UsageError where nothing is asked for that natural pictures could excite. */
export function assertEvidence({ name, asks }: SynthesisTechnique, values: Values): void {
  const foreign = asks.includes("objective") ? undefined : ASKED.find((option) => values.has(option));
  if (foreign) throw new UsageError(`${name} takes no --${foreign}`);
}

/** What the natural pictures of --data and the network of --second say of each picture; nothing where neither is given. */
export async function evidenceFor(
  networks: Networks,
  request: SynthesisRequest,
  pictures: readonly SyntheticPicture[],
  values: Values,
  io: Io,
): Promise<Honesty[]> {
  if (!ASKED.some((option) => values.has(option))) return [];
  const { device, graph } = networks;
  const units = unitsOf("visualize", graph, request.objective);
  const naturals = await naturalsOf(networks, values, io);
  const path = values.text("second");
  const second =
    path === undefined ? undefined : createNetworks(device, await openModel(modelAlone(path), io));
  try {
    const evidence: Honesty[] = [];
    const progress = progressOf(io, "honest pictures");
    for (const [n, unit] of units.entries()) {
      const picture = pictures[n];
      if (!picture) continue;
      const target = unit.objective();
      evidence.push(await honestyOf(networks, picture, { target, second, naturals, signal: io.signal }));
      progress((n + 1) / units.length);
    }
    return evidence;
  } finally {
    second?.destroy();
  }
}

/** The same for --json, without pixels. */
export function evidenceReport(evidence: Honesty | undefined): Record<string, unknown> {
  if (!evidence) return {};
  const { second, naturals, naturalness } = evidence;
  return { second, naturals: naturals?.map(({ picture: _, ...about }) => about), naturalness };
}

async function naturalsOf({ graph }: Networks, values: Values, io: Io) {
  if (!values.has("data")) return undefined;
  const images = new Images(graph, values.with("image", await expandNames(values.all("data"))), io);
  const inputs = await images.all();
  return inputs.map(({ name, values: picture }) => ({ name, picture }));
}

/** A command line that names a model, and nothing else. */
const modelAlone = (path: string): Values =>
  new Values({ positionals: [], values: new Map([["model", [path]]]) });
