import { InputError } from "../../gpu/errors.ts";
import { assertFields, describe } from "../../gpu/options.ts";
import { graphDigest } from "../../graph/digest.ts";
import { notOfBlackBox, outsideOf } from "../../network/outside.ts";
import type { Networks } from "../../network/pool.ts";
import type { Source } from "../source.ts";
import { assertSameSurvey } from "./merge-surveys.ts";
import type { Shard, SurveyKey, SurveyReport } from "./report.ts";
import { SURVEY, type SurveyOptions } from "./survey-options.ts";
import { Run } from "./survey-run.ts";
import { settingsOf } from "./survey-settings.ts";

/**
 * Runs a network over a data set once, and tells of every channel of every layer what it does: mean, variance, extremes, zeros, a
 * histogram, the pictures that excite it most with their places, its mean for each label; of the whole how right the network is; of each
 * picture the answer and its features. One readback a batch; memory does not grow with the number of pictures.
 *
 * Parts of a data set, `shard`, give reports that {@link mergeSurveys} makes into the report of the whole.
 * @throws InputError when a layer is not there, the source has no picture, an activation is NaN or infinite, or `resume` is of another
 * network, data set or choice; the signal's reason.
 * @example
 * ```ts
 * import { survey, syntheticSource } from "vitrine/dataset";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const report = await survey(networks, syntheticSource(device, { count: 4 }), { layers: ["conv3_3"] });
 * console.log(report.pictures, report.answers?.right); // 4 4
 * networks.destroy();
 * ```
 */
export async function survey(
  networks: Networks,
  source: Source,
  options: SurveyOptions = {},
): Promise<SurveyReport> {
  assertFields("survey", options, SURVEY);
  const { graph } = networks;
  if (outsideOf(graph) !== undefined) throw notOfBlackBox(graph, "a survey of its layers");
  const shard = shardOf(options.shard);
  const settings = settingsOf(graph, options);
  const key: SurveyKey = {
    ...{ model: graph.name, modelDigest: await graphDigest(graph) },
    ...{ data: source.name, dataDigest: await source.digest() },
    settings,
  };
  if (options.resume) {
    assertResumes(options.resume, key, shard);
    if (options.resume.complete) return options.resume;
  }
  const { layers, features } = settings;
  const form = { keep: [...new Set([...layers, ...features])], gradients: false, reuseBuffers: true };
  const batch = options.batch ?? networks.batchWithin({ ...form, most: 32 });
  const network = await networks.temporary({ ...form, batch });
  try {
    const { signal, inputs = {} } = options;
    return await network.inTurn((turn) => new Run(turn, source, key, shard, options).report(), {
      ...{ signal, inputs },
    });
  } finally {
    network.destroy();
  }
}

function shardOf(shard: Shard = { i: 0, n: 1 }): Shard {
  const { i, n } = shard;
  if (Number.isInteger(n) && n >= 1 && Number.isInteger(i) && i >= 0 && i < n) return { i, n };
  throw new InputError(`survey: expected a shard { i, n } with i of 0 to n − 1, got ${describe(shard)}`);
}

/** @throws InputError that says what differs. */
function assertResumes(resume: SurveyReport, key: SurveyKey, shard: Shard): void {
  assertSameSurvey("survey to go on with", resume, key);
  if (resume.shard.i === shard.i && resume.shard.n === shard.n) return;
  const [got, expected] = [resume.shard, shard].map(({ i, n }) => `${i}/${n}`);
  throw new InputError(`survey to go on with: expected shard ${expected}, got ${got}`);
}
