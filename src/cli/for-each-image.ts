import type { Graph } from "../graph/graph.ts";
import type { Images, Input } from "./images.ts";
import { type Io, printJson } from "./io.ts";
import { warnOfGuess } from "./model.ts";
import type { Values } from "./values.ts";

/**
 * Does the same for one image after another. Of several, each is named before what is printed of it, and one that is broken is
 * passed over; their reports are an array for --json.
 * @param work prints what there is to say and returns it as a report; with --json it prints nothing.
 * @throws InputError at the end that names the images that could not be used.
 */
export async function forEachImage(
  images: Images,
  {
    graph,
    values,
    io,
    several,
  }: { readonly graph: Graph; readonly values: Values; readonly io: Io; readonly several: boolean },
  work: (input: Input) => Promise<unknown>,
): Promise<void> {
  const reports: unknown[] = [];
  for await (const input of images) {
    if (reports.length === 0) warnOfGuess(graph, io, [input]);
    if (several && !values.has("json")) {
      if (reports.length > 0) io.out("");
      io.out(input.name);
    }
    try {
      reports.push(await work(input));
    } catch (error) {
      images.fail(input.name, error);
    }
  }
  io.progress();
  if (values.has("json")) printJson(io, several ? reports : reports[0]);
  images.assertWhole();
}
