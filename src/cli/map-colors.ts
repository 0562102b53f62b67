import { COLOR_MAPS, type ColorMapName } from "../figures/color-maps.ts";
import { UsageError } from "./io.ts";
import type { Values } from "./values.ts";

/** The command line's options for the colours of a map. */
export interface Shading {
  readonly clip: number | undefined;
  readonly colors: ColorMapName | undefined;
}

/** Checks --clip and --colors before any work is done. */
export function shadingOf(values: Values): Shading {
  const clips = values.numbers("clip");
  const [clip] = clips ?? [];
  if (clips && (clips.length !== 1 || clip === undefined || !(clip > 0 && clip <= 100))) {
    throw new UsageError(`--clip expects a percentile above 0 and up to 100, got "${values.text("clip")}"`);
  }
  const colors = values.choice("colors", COLOR_MAPS);
  return { clip, colors };
}

const SCALES = ["own", "row", "column", "all"] as const;

/** The maps of a sheet that share the ends of their colours. */
export function scaleOf(values: Values): (typeof SCALES)[number] | undefined {
  return values.choice("scale", SCALES);
}
