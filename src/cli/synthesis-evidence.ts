import type { Graph } from "../graph/graph.ts";
import { type Honesty, type HonestyOptions, honestyOf } from "../metrics/honesty.ts";
import { createNetworks, type Networks } from "../network/pool.ts";
import type { Objective } from "../objectives/objective.ts";
import { excitingPictures, type NaturalPicture } from "../techniques/synthesis/natural-pictures.ts";
import type { SynthesisRequest } from "../techniques/synthesis/plan.ts";
import type { Facet, SyntheticPicture } from "../techniques/synthesis/synthesis.ts";
import type { SynthesisTechnique } from "../techniques/synthesis/technique.ts";
import { unitsOf } from "../techniques/synthesis/wanted.ts";
import { expandNames } from "./image-names.ts";
import { Images } from "./images.ts";
import { type Io, progressOf, UsageError } from "./io.ts";
import { openAlone } from "./model.ts";
import type { Values } from "./values.ts";

const ASKED = ["data", "second"] as const;

/** Natural pictures of anything, of which those that excite a unit most are left out. */
const OTHERS = 18;

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
  const targets = units.map((unit) => unit.objective());
  const naturals = await naturalsFor(networks, targets, pictures, values, io);
  const path = values.text("second");
  const second = path === undefined ? undefined : createNetworks(device, await openAlone(path, io));
  try {
    const evidence: Honesty[] = [];
    const progress = progressOf(io, "honest pictures");
    for (const [n, picture] of pictures.entries()) {
      const target = targets[picture.facet?.unit ?? n];
      if (!target) continue;
      const beside = { second, ...naturals[n] };
      evidence.push(await honestyOf(networks, picture, { target, ...beside, signal: io.signal }));
      progress((n + 1) / pictures.length);
    }
    return evidence;
  } finally {
    second?.destroy();
  }
}

/** The natural pictures beside each picture: those of its cluster, or those of --data that excite its target most. */
async function naturalsFor(
  networks: Networks,
  targets: readonly Objective[],
  pictures: readonly SyntheticPicture[],
  values: Values,
  io: Io,
): Promise<readonly Pick<HonestyOptions, "naturals" | "others">[]> {
  const facets = pictures.flatMap(({ facet }) => facet ?? []);
  if (facets.length > 0) return facets.map(({ naturals }) => ({ naturals, others: [] }));
  if (!values.has("data")) return [];
  const data = naturalsOf(networks.graph, values, io);
  const options = { others: OTHERS, signal: io.signal };
  const { strongest, others } = await excitingPictures(networks, targets, data, options);
  return strongest.map((naturals) => ({ naturals, others }));
}

/** The same for --json, without pixels. */
export function evidenceReport(evidence: Honesty | undefined): Record<string, unknown> {
  if (!evidence) return {};
  const { second, naturals, naturalness } = evidence;
  return { second, naturals: naturals?.map(({ picture: _, ...about }) => about), naturalness };
}

/** What a picture began with, for --json. */
export function facetReport({ count, naturals }: Facet): Record<string, unknown> {
  return { count, naturals: naturals.map(({ name, value }) => ({ name, value })) };
}

/** The pictures of --data, read one after another. */
export async function* naturalsOf(graph: Graph, values: Values, io: Io): AsyncGenerator<NaturalPicture> {
  const images = new Images(graph, values.with("image", await expandNames(values.all("data"))), io);
  for await (const { name, values: picture } of images) yield { name, picture };
}
