import { describeLayer, headsOf, layerOf, parametersOf, receptiveField } from "../../src/graph.ts";
import type { Graph } from "../../src/index.ts";
import { figure, grouped } from "../dom.ts";
import type { Exhibit } from "../room/exhibit.ts";
import type { MapRange } from "../room/ranges.ts";
import type { Session } from "../session.ts";
import { meaningOf } from "./head-choice.ts";

/** The facts of whatever is selected, as the inspector lists them. */
export interface Facts {
  readonly name: string;
  readonly size: string;
  readonly rows: readonly (readonly [term: string, value: string])[];
  /** A sentence below them, or none. */
  readonly hint: string;
}

export function networkFacts({ graph, inputSize }: Session): Facts {
  const parameters = graph.layers.reduce((sum, layer) => sum + parametersOf(layer), 0);
  return {
    name: graph.name,
    size: `${graph.layers.length} layers`,
    rows: [
      ["Parameters", grouped(parameters)],
      ["Sees", inputSize.join(" × ")],
      ...headsOf(graph).map((head) => [head.name, meaningOf(head)] as const),
      ["Preprocessing", graph.preprocessing.source],
      ...Object.entries(graph.leftOut ?? {}).map(
        ([output, reason]) => [output, `left out: ${reason}`] as const,
      ),
    ],
    hint: "Choose a volume, in the room or in the strip, to open it.",
  };
}

/** @param range the span of the layer's values, if it was read. */
export function layerFacts(graph: Graph, exhibit: Exhibit, range: MapRange | undefined): Facts {
  const { layer, title, kind, stand, size, form } = exhibit;
  const [height, width, channels] = size;
  const values = height * width * channels;
  const middle = { channel: 0, y: Math.floor(height / 2), x: Math.floor(width / 2) };
  const { full } = receptiveField(graph, { layer, ...exhibit.form.placeOf(middle) });
  const parameters = stand.stages.reduce((sum, stage) => sum + parametersOf(layerOf(graph, stage)), 0);
  const rows: (readonly [string, string])[] = title !== "image" && title !== layer ? [["Name", layer]] : [];
  rows.push(["Computes", describeLayer(layerOf(graph, layer))]);
  if (parameters > 0) rows.push(["Parameters", grouped(parameters)]);
  if (kind !== "picture") {
    rows.push(["Each unit sees", `${full.bottom - full.top} × ${full.right - full.left} pixels`]);
  }
  if (range && range.strange < values) rows.push(["Range", `${figure(range.least)} … ${figure(range.most)}`]);
  if (range && range.strange > 0) {
    rows.push(["Not finite", `${grouped(range.strange)} of ${grouped(values)} values`]);
  }
  if (stand.stages.length > 1) {
    rows.push(["With", stand.stages.filter((stage) => stage !== layer).join(", ")]);
  }
  return {
    name: title,
    size: height * width === 1 ? grouped(channels) : form.words,
    rows,
    hint: "",
  };
}
