import { parseCsv } from "../dataset/file-table.ts";
import type { Source } from "../dataset/source.ts";
import { survey } from "../dataset/survey/survey.ts";
import { settingsOf } from "../dataset/survey/survey-settings.ts";
import { InputError } from "../gpu/errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { AnsweredPicture } from "../lab/performance.ts";
import { pictureRows, readSurvey } from "../node/survey-folder.ts";
import type { Io } from "./io.ts";
import { withPool } from "./made-pictures.ts";
import type { Values } from "./values.ts";

/** A network's answers to the pictures of a data set whose class is known. */
export interface Judged {
  readonly model: string;
  /** By the pictures' numbers in the data set. */
  readonly pictures: ReadonlyMap<number, Omit<AnsweredPicture, "attributes">>;
  /** Pictures whose label is no class of the network, or that have none. */
  readonly unlabelled: number;
}

/**
 * Takes the answers from the survey that --survey names, or asks the network.
 * @throws InputError when the survey is of another data set, or no picture has a label that is a class.
 */
export async function judgedPictures(graph: Graph, source: Source, values: Values, io: Io): Promise<Judged> {
  const pictures = new Map<number, Omit<AnsweredPicture, "attributes">>();
  let unlabelled = 0;
  let model = graph.name;
  const add = (index: number, id: string, label?: string, answer?: string, rank?: number): void => {
    if (rank === undefined || label === undefined || answer === undefined) unlabelled++;
    // A label may be spelt otherwise than the class: what counts is the rank.
    else pictures.set(index, { id, label, answer: rank === 1 ? label : answer, right: rank === 1 });
  };
  const folder = values.text("survey");
  if (folder === undefined) {
    const output = values.text("output");
    await withPool(graph, values, io, (networks) =>
      survey(networks, source, {
        layers: [settingsOf(graph, { output }).output],
        ...{ features: [], bins: 0, top: 1, batch: values.whole("batch", 1, 1024) },
        output,
        onPicture: ({ index, id, label, given, rank }) => add(index, id, label, given?.label, rank),
        onBroken: ({ id, why }) => io.err(`vitrine: passed over: ${why.includes(id) ? "" : `${id}: `}${why}`),
        onProgress: ({ done, count }) =>
          io.progress(`${done}${count === undefined ? "" : ` of ${count}`} pictures`),
        signal: io.signal,
      }),
    );
    io.progress();
  } else {
    const report = await readSurvey(folder);
    model = report.model;
    if (report.shard.n > 1) {
      throw new InputError(
        `--survey expects a whole survey, got part ${report.shard.i} of ${report.shard.n} in ${folder}; "vitrine merge" makes one of all parts`,
      );
    }
    if ((await source.digest()) !== report.dataDigest) {
      throw new InputError(
        `--survey expects a survey of the pictures of --data, got one of ${report.data} in ${folder}, and ${source.name} is another data set or was opened with other labels`,
      );
    }
    for await (const { index, line } of pictureRows(folder)) {
      const [, id = "", label, , answer, , rank] = parseCsv(line, folder)[0] ?? [];
      add(index, id, label || undefined, answer || undefined, rank ? Number(rank) : undefined);
    }
  }
  if (pictures.size === 0) {
    throw new InputError(
      `performance expects pictures whose labels are classes of the network, got none in ${source.name}; --truth names a table of labels`,
    );
  }
  return { model, pictures, unlabelled };
}
