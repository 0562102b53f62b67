import { isBinary } from "../graph/classes.ts";
import { type Graph, HEADS, type HeadKind } from "../graph/graph.ts";
import { type Head, headOf, headsOf } from "../graph/heads.ts";
import type { Io } from "./io.ts";
import type { Values } from "./values.ts";

/** The value of --head. */
export function headKindOf(values: Values): HeadKind | undefined {
  return values.choice("head", HEADS);
}

/** The kind of an output's numbers, and how it is known, for reports. */
export function headReport({
  name,
  output,
  kind,
  scores,
  logits,
  channels,
  known,
}: Head): Record<string, unknown> {
  return {
    name,
    layer: output,
    kind,
    scores: kind === "places" ? scores : undefined,
    logits,
    numbers: channels,
    known,
  };
}

/** An output's head in words: "3 classes by a softmax". */
export function headWords(head: Head): string {
  const { kind, scores, channels } = head;
  const what = isBinary(head)
    ? "a yes or no by a sigmoid"
    : scores === "values"
      ? `${channels} ${channels === 1 ? "value" : "values"}`
      : `${channels} ${scores === "softmax" ? "classes by a softmax" : "labels, each by a sigmoid"}`;
  return `${what}${kind === "places" ? " at every place" : ""}`;
}

/** Words for a caption about the output that is asked, where it is not to be taken for granted. */
export function headNotes(graph: Graph): string[] {
  const { name, known, scores } = headOf(graph);
  return [
    ...(headsOf(graph).length > 1 ? [`output ${name}`] : []),
    ...(known === "assumed" ? [`${scores} assumed`] : []),
  ];
}

/** Says on standard error which of several outputs is asked, and what was assumed of those whose numbers are `shown`. */
export function warnOfHead(graph: Graph, io: Io, shown: readonly Head[] = [headOf(graph)]): void {
  const head = headOf(graph);
  const others = headsOf(graph).flatMap(({ name }) => (name === head.name ? [] : [`"${name}"`]));
  if (others.length > 0) {
    io.err(
      `vitrine: output "${head.name}" is asked (${headWords(head)}); --output names another: ${others.join(", ")}`,
    );
  }
  for (const { name, known, scores, channels } of shown) {
    // --head is about the output that is asked.
    const first = name === head.name ? "" : `--output ${name} and `;
    if (known === "assumed") {
      io.err(
        scores === "values"
          ? `vitrine: output "${name}" has the channels and size of a picture, and was assumed to be one; ${first}--head softmax or --head sigmoid says that its numbers are scores of ${channels} classes`
          : `vitrine: output "${name}" has no softmax; its ${channels} numbers were assumed to be the logits of classes; ${first}--head sigmoid or --head values says otherwise`,
      );
    }
    if (scores === "softmax" && channels === 1) {
      io.err(
        `vitrine: output "${name}" is a softmax over one number, which is always 1; ${first}--head sigmoid reads it as a yes or no`,
      );
    }
  }
}
