import { enlargeMap, enlargePixels, shownSize } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import type { Figure } from "./drawing.ts";
import { layOutTiles } from "./tiles.ts";

const SIDE = 96;

/** A unit with pictures in which it is on. */
export interface ShownUnit {
  readonly name: string;
  readonly examples: readonly {
    readonly pixels: Pixels;
    readonly map: Float32Array;
    readonly size: readonly [height: number, width: number];
  }[];
  /** The unit is on above it. */
  readonly threshold: number;
}

/** Draws units one a line: pictures, dark where the unit is not on. */
export function composeDissection({
  title,
  subtitle,
  units,
  notes,
}: {
  readonly title: string;
  readonly subtitle: string;
  readonly units: readonly ShownUnit[];
  readonly notes?: readonly string[] | undefined;
}): Figure {
  const side = { width: SIDE, height: SIDE };
  return layOutTiles({
    ...{ title, subtitle, ...side, beside: true, notes },
    lines: units.map(({ name, examples, threshold }) => [
      {
        heading: name,
        tiles: examples.map(({ pixels, map, size }) => {
          const { squares } = shownSize(pixels.width, pixels.height, SIDE);
          const large = enlargePixels(pixels, { ...side, squares });
          const on = enlargeMap(map, size, { ...side, squares: false });
          const data = Uint8Array.from(large.data, (v, i) =>
            (on[Math.floor(i / 3)] ?? 0) > threshold ? v : Math.round(0.25 * v),
          );
          return { picture: { ...side, data }, caption: [] };
        }),
      },
    ]),
  });
}
