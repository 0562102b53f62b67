import { shapeOf } from "../../lowering/layout.ts";
import type { LayerBody, Lowering } from "../../lowering/lowering.ts";
import { channelsFirst, onPicture, pairOf } from "../../lowering/pictures.ts";
import type { Operator } from "../call.ts";

const depthToSpace: Operator = (call) => {
  const mode = call.attributes.text("mode", "DCR");
  if (mode !== "DCR" && mode !== "CRD")
    throw call.lowering.wrong(`expected mode of DCR or CRD, got "${mode}"`);
  return onPicture(call.lowering, call.layer(0), channelsFirst(4), () => ({
    op: "depthToSpace",
    block: call.attributes.number("blocksize"),
    order: mode === "DCR" ? "depth-first" : "column-first",
  }));
};

const spaceToDepth: Operator = (call) =>
  onPicture(call.lowering, call.layer(0), channelsFirst(4), () => ({
    op: "spaceToDepth",
    block: call.attributes.number("blocksize"),
    order: "depth-first",
  }));

const COORDINATES = {
  half_pixel: "half-pixel",
  half_pixel_symmetric: "half-pixel-symmetric",
  asymmetric: "asymmetric",
  align_corners: "align-corners",
  pytorch_half_pixel: "pytorch-half-pixel",
  tf_half_pixel_for_nn: "tf-half-pixel-for-nn",
} as const;

const ROUNDING = {
  floor: "floor",
  ceil: "ceil",
  round_prefer_floor: "round-prefer-floor",
  round_prefer_ceil: "round-prefer-ceil",
} as const;

/** The setting that a file's word names. */
function known<T>(lowering: Lowering, name: string, words: Readonly<Record<string, T>>, word: string): T {
  const found = Object.hasOwn(words, word) ? words[word] : undefined;
  if (found !== undefined) return found;
  throw lowering.unsupported(`expected ${name} of ${Object.keys(words).join(", ")}, got "${word}"`);
}

/** True if a product of sizes and scales is a whole number, but for the rounding of 32 bits. */
const isWhole = (length: number): boolean => Math.abs(length - Math.round(length)) < 1e-4;

const resize: Operator = (call) => {
  const { attributes, lowering, opset } = call;
  const old = opset < 11;
  const [scales, sizes] = [call.integers("scales", old ? 1 : 2), old ? undefined : call.constantIf(3)];
  const x = call.layer(0);
  const rank = x.axes.length;
  const axes = call.axes(attributes.numbers("axes") ?? x.axes.map((_, axis) => axis), rank);
  const shape = shapeOf(x);
  const mode = known(
    lowering,
    "mode",
    { nearest: "nearest", linear: "linear", bilinear: "linear", cubic: "cubic" } as const,
    attributes.text("mode", "nearest"),
  );
  const policy = attributes.text("keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch")
    throw lowering.unsupported(`keep_aspect_ratio_policy "${policy}" is not supported`);
  if (attributes.flag("antialias", false)) throw lowering.unsupported("antialias is not supported");
  if (mode === "cubic" && attributes.flag("exclude_outside", false))
    throw lowering.unsupported("exclude_outside is not supported");
  const target = sizes && sizes.read().length > 0 ? call.list(3) : undefined;
  if (!target && !scales?.length) throw lowering.wrong("expected scales or sizes, got neither");
  const factors = shape.map((size, axis) => {
    const at = axes.indexOf(axis);
    if (at < 0) return 1;
    // A fixed batch is written as a number.
    if (x.axes[axis]?.includes(0)) return 1;
    return target ? (target[at] ?? size) / size : (scales?.[at] ?? 1);
  });
  const spatial = rank === 3 ? [2] : [2, 3];
  const last = shape.flatMap((size, axis) =>
    factors[axis] !== 1 && size * (factors[axis] ?? 1) !== size ? [axis] : [],
  );
  const channelsLast =
    last.length > 0 && last.every((axis) => axis === 1 || axis === rank - 2) && last.includes(1);
  if (rank < 3 || rank > 4 || (!channelsLast && last.some((axis) => !spatial.includes(axis)))) {
    throw lowering.unsupported(
      `expected pictures resized in height and width, got factors ${factors.join(", ")}`,
    );
  }
  const pictureAxes = channelsLast
    ? { channels: rank - 1, spatial: [1, 2].slice(0, rank - 2) }
    : channelsFirst(rank);
  // A scale of 32 bits may stand for a whole length that it misses by its rounding.
  const own = pictureAxes.spatial.map((axis) => {
    const [length, factor] = [shape[axis] ?? 1, factors[axis] ?? 1];
    return isWhole(length * factor) ? Math.round(length * factor) / length : factor;
  });
  const whole = own.every(Number.isInteger);
  const to =
    whole || !target
      ? { factor: pairOf(own, 1) }
      : {
          size: pairOf(
            pictureAxes.spatial.map((axis) => target[axes.indexOf(axis)] ?? 1),
            1,
          ),
        };
  const coordinates = known(
    lowering,
    "coordinate_transformation_mode",
    COORDINATES,
    attributes.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
  );
  const lengths = pictureAxes.spatial.map((axis, index) => (shape[axis] ?? 1) * (own[index] ?? 1));
  if (coordinates === "align-corners" && !target && !lengths.every(isWhole)) {
    throw lowering.unsupported(
      `align_corners with scales that give ${lengths.join("×")} pixels, of which ONNX and its runtimes make different pictures, is not supported`,
    );
  }
  const rounding =
    mode === "nearest"
      ? known(
          lowering,
          "nearest_mode",
          ROUNDING,
          attributes.text("nearest_mode", old ? "floor" : "round_prefer_floor"),
        )
      : undefined;
  return onPicture(
    lowering,
    x,
    pictureAxes,
    (): LayerBody => ({
      op: "resize",
      to,
      mode,
      coordinates,
      ...(rounding ? { rounding } : {}),
      ...(mode === "cubic" ? { cubicCoefficient: attributes.number("cubic_coeff_a", -0.75) } : {}),
    }),
  );
};

/** Pictures of other sizes. */
export const RESIZING: Readonly<Record<string, Operator>> = {
  DepthToSpace: depthToSpace,
  Resize: resize,
  SpaceToDepth: spaceToDepth,
  Upsample: resize,
};
