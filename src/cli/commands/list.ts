import { ACTIVATIONS } from "./activations.ts";
import { ATLAS } from "./atlas.ts";
import { ATTACK } from "./attack.ts";
import type { CliCommand } from "./command.ts";
import { CORRESPOND } from "./correspond.ts";
import { CORRUPT } from "./corrupt.ts";
import { DATASET } from "./dataset.ts";
import { DECODER } from "./decoder.ts";
import { DISSECT } from "./dissect.ts";
import { DREAM } from "./dream.ts";
import { EQUIVARIANCE } from "./equivariance.ts";
import { EXPLAIN } from "./explain.ts";
import { FIELD } from "./field.ts";
import { FILTERS } from "./filters.ts";
import { FOOL } from "./fool.ts";
import { IMPORTANCE } from "./importance.ts";
import { INVERT } from "./invert.ts";
import { LAYERS } from "./layers.ts";
import { MAP } from "./map.ts";
import { MERGE } from "./merge.ts";
import { NEIGHBOURS } from "./neighbours.ts";
import { PATCHES } from "./patches.ts";
import { PERFORMANCE } from "./performance.ts";
import { POSITION } from "./position.ts";
import { PREDICT } from "./predict.ts";
import { REDUNDANCY } from "./redundancy.ts";
import { ROBUSTNESS } from "./robustness.ts";
import { SPECTRUM } from "./spectrum.ts";
import { STITCH } from "./stitch.ts";
import { STYLE } from "./style.ts";
import { STYLIZE } from "./stylize.ts";
import { SURVEY } from "./survey.ts";
import { TECHNIQUES } from "./techniques.ts";
import { TEXTURE } from "./texture.ts";
import { TREE } from "./tree.ts";
import { TRUST } from "./trust.ts";
import { VISUALIZE } from "./visualize.ts";

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly CliCommand[] = [
  PREDICT,
  ACTIVATIONS,
  EXPLAIN,
  TRUST,
  VISUALIZE,
  DECODER,
  DREAM,
  INVERT,
  TEXTURE,
  STYLE,
  STYLIZE,
  FOOL,
  ATTACK,
  CORRUPT,
  ROBUSTNESS,
  SURVEY,
  MERGE,
  PATCHES,
  NEIGHBOURS,
  MAP,
  IMPORTANCE,
  REDUNDANCY,
  ATLAS,
  PERFORMANCE,
  DISSECT,
  TREE,
  EQUIVARIANCE,
  STITCH,
  POSITION,
  CORRESPOND,
  FIELD,
  FILTERS,
  LAYERS,
  TECHNIQUES,
  SPECTRUM,
  DATASET,
];
