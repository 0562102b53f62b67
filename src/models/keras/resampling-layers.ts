import { UnsupportedError } from "../../gpu/errors.ts";
import type { ResizeLayer } from "../../layers/resize.ts";
import type { Converter, KerasCall } from "./converter.ts";

type Resampling = Pick<
  ResizeLayer,
  "mode" | "coordinates" | "rounding" | "cubicCoefficient" | "excludeOutside"
>;

/** What TensorFlow does for each name of an interpolation, pixels taken at their centres, as it enlarges and reduces. */
const INTERPOLATIONS: ReadonlyMap<string, Resampling> = new Map<string, Resampling>([
  ["nearest", { mode: "nearest", coordinates: "half-pixel", rounding: "round-prefer-ceil" }],
  ["bilinear", { mode: "linear", coordinates: "half-pixel" }],
  ["bicubic", { mode: "cubic", coordinates: "half-pixel", cubicCoefficient: -0.5, excludeOutside: true }],
]);

function interpolationOf({ config }: KerasCall, fallback: string): Resampling {
  const name = config.text("interpolation", fallback);
  const found = INTERPOLATIONS.get(name);
  if (found) return found;
  throw new UnsupportedError(
    `${config.who}: expected interpolation ${[...INTERPOLATIONS.keys()].join(", ")}, got ${name}`,
  );
}

/** tfjs takes pixels of a bilinear enlargement at their corners, Keras at their centres. */
export const upsampling: Converter = (call) => {
  const { config, writer } = call;
  const found = interpolationOf(call, "nearest");
  const { mode } = found;
  const to = { factor: config.pair("size", [2, 2]) };
  // Whole factors repeat pixels, however one rounds.
  if (mode === "nearest") return { op: "resize", to, mode, coordinates: "half-pixel" };
  const corners = writer === "tfjs" && mode === "linear";
  return { op: "resize", to, ...found, ...(corners ? { coordinates: "asymmetric" } : {}) };
};

/** Gives an image a size, whatever it had; nothing, of an image that has it. */
export const resizing: Converter = (call) => {
  const { config, writer, shapes } = call;
  const [[, h = 0, w = 0]] = shapes;
  const size = [config.number("height", Number.NaN), config.number("width", Number.NaN)] as const;
  if (h === size[0] && w === size[1]) return { op: "reshape" };
  const keeps = config.flag("crop_to_aspect_ratio", false) || config.flag("pad_to_aspect_ratio", false);
  const smooth = config.flag("antialias", false);
  if (writer === "tfjs" || smooth || (keeps && h * size[1] !== w * size[0])) {
    const how = smooth ? ", antialiased" : keeps ? ", of other proportions" : "";
    throw new UnsupportedError(
      `${config.who}: expected an image of its own size, ${size.join("×")}, got ${h}×${w}${how}; run the network at that size`,
    );
  }
  return { op: "resize", to: { size }, ...interpolationOf(call, "bilinear") };
};
