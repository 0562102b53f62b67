import { assertFields } from "../../gpu/options.ts";
import { aroundCentre, assertBorder, assertList } from "./affine.ts";
import { sampled } from "./sampling.ts";
import { LIST, type ListOptions } from "./scale.ts";
import type { Transform } from "./transform.ts";

/**
 * Turns about the centre by one of the angles, in degrees counterclockwise, bilinear. The size stays.
 * @throws InputError when an angle is no finite number.
 * @example
 * rotate([-10, -5, 0, 5, 10]);
 */
export function rotate(degrees: readonly number[], options: ListOptions = {}): Transform {
  assertFields("rotate", options, LIST);
  const { ordered = false, border = 0 } = options;
  assertBorder("rotate", border);
  assertList("rotate", degrees, "angles in degrees", () => true);
  return sampled({
    name: "rotate",
    border,
    sizeOf: (size) => size,
    draws: (size, view) => ({
      maps: degrees.map((angle) => {
        const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
        return aroundCentre([cos, sin, -sin, cos], size, view);
      }),
      ordered,
    }),
  });
}
