import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createClip } from "../../kernels/regularisers.ts";
import { assertLength, numbersOf } from "./numbers.ts";
import type { Regulariser } from "./regulariser.ts";

export interface ClipOptions {
  /** Least value: one number, one a channel, one a parameter. */
  readonly low: number | ArrayLike<number>;
  /** Largest value, as many numbers as `low`. */
  readonly high: number | ArrayLike<number>;
  /** Before the pixels are drawn, or after the update. Default "before", so that the network never sees what is out of range. */
  readonly at?: Regulariser["at"] | undefined;
}

const CLIP: Fields<ClipOptions> = { low: "must", high: "must", at: ["before", "after"] };

/**
 * Holds every parameter within a range: pixels within what a picture can hold, a code within what was seen of it.
 * @throws InputError when a low is above its high; when it is put to an ascent, where they do not fit its parameters.
 * @example
 * clip({ low: 0, high: 1 });
 * clip({ low: [-104, -117, -123], high: [151, 138, 132] });
 */
export function clip(options: ClipOptions): Regulariser {
  assertFields("clip", options, CLIP);
  const { at = "before" } = options;
  const low = numbersOf("clip", "low", options.low);
  const high = numbersOf("clip", "high", options.high);
  if (low.length !== high.length) {
    throw new InputError(
      `clip: expected as many numbers in low as in high, got ${low.length} and ${high.length}`,
    );
  }
  const wrong = low.findIndex((value, i) => value > (high[i] ?? value));
  if (wrong >= 0) throw new InputError(`clip: expected low ≤ high, got ${low[wrong]} and ${high[wrong]}`);
  return {
    name: "clip",
    at,
    create: ({ device, parameters, shape }) =>
      build(device, "clip", async ({ tensor, command }) => {
        const [, size = 1] = parameters.shape;
        assertLength("clip: expected low and high", low.length, [1, shape[2], size]);
        return command(
          createClip(device, {
            low: tensor([low.length], { data: low, label: "lowest values" }),
            high: tensor([high.length], { data: high, label: "highest values" }),
            x: parameters,
          }),
        );
      }),
  };
}
