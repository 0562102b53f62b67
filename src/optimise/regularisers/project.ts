import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createBallProjection, createClip } from "../../kernels/regularisers.ts";
import { assertLength, numbersOf } from "./numbers.ts";
import type { Regulariser } from "./regulariser.ts";

export interface ProjectOptions {
  /** The centre of the ball: one number, one image, or one for each image. */
  readonly around: number | ArrayLike<number>;
  /** Radius of the ball, in units of the parameters. */
  readonly radius: number;
  /** How far a parameter may go ("linf"), or all of an image's together, as a root of squares ("l2"). Default "linf". */
  readonly norm?: "linf" | "l2" | undefined;
}

const PROJECT: Fields<ProjectOptions> = { around: "must", radius: "must", norm: ["linf", "l2"] };

/**
 * Brings each image back to the nearest place within a ball after the update.
 * @throws InputError for options out of range; when it is put to an ascent, where the centre does not fit.
 */
export function project(options: ProjectOptions): Regulariser {
  assertFields("project", options, PROJECT);
  const { radius, norm = "linf" } = options;
  const around = numbersOf("project", "around", options.around);
  if (!(radius >= 0 && Number.isFinite(radius))) {
    throw new InputError(`project: expected a radius of at least 0, got ${radius}`);
  }
  return {
    name: `within ${radius} (${norm})`,
    at: "after",
    create: ({ device, parameters: x }) =>
      build(device, "project", async ({ tensor, command }) => {
        const [images = 1, size = 1] = x.shape;
        assertLength("project: expected around", around.length, [1, size, images * size]);
        const given = (data: Float32Array, label: string) => tensor([data.length], { data, label });
        if (norm === "l2") {
          return command(createBallProjection(device, { x, centre: given(around, "centre"), radius }));
        }
        const low = given(
          around.map((value) => value - radius),
          "lowest values",
        );
        const high = given(
          around.map((value) => value + radius),
          "highest values",
        );
        return command(createClip(device, { low, high, x }));
      }),
  };
}
