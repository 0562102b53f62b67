import { COLOR_MAPS, type ColorMapName } from "../images/color-maps.ts";
import { UsageError } from "./io.ts";
import type { Values } from "./values.ts";

/** How the command line says that values become colours. */
export interface Shading {
  readonly clip?: number;
  readonly colors?: ColorMapName;
}

/** Checks --clip and --colors before any work is done. */
export function shadingOf(values: Values): Shading {
  const clips = values.numbers("clip");
  const [clip] = clips ?? [];
  if (clips && (clips.length !== 1 || clip === undefined || !(clip > 0 && clip <= 100))) {
    throw new UsageError(`--clip expects a percentile above 0 and up to 100, got "${values.text("clip")}"`);
  }
  const text = values.text("colors");
  const colors = COLOR_MAPS.find((name) => name === text);
  if (text !== undefined && !colors) {
    throw new UsageError(`--colors expects ${COLOR_MAPS.join(", ")}, got "${text}"`);
  }
  return { ...(clip === undefined ? {} : { clip }), ...(colors ? { colors } : {}) };
}

const SCALES = ["own", "row", "column", "all"] as const;

/** Which maps of a sheet share their colours' ends. */
export function scaleOf(values: Values): (typeof SCALES)[number] | undefined {
  const text = values.text("scale");
  const found = SCALES.find((scale) => scale === text);
  if (text !== undefined && !found)
    throw new UsageError(`--scale expects ${SCALES.join(", ")}, got "${text}"`);
  return found;
}
