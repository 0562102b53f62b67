import { assertFields } from "../gpu/options.ts";
import type { Pixels } from "../images/pixels.ts";
import { cropOf, type PreprocessedGraph } from "../images/preprocess.ts";
import { drawnMap, MAP_FIELDS, type MapOptions } from "./drawn-map.ts";
import { overlayPixels } from "./map-pixels.ts";

/**
 * A photograph with a map over it, at the photograph's own size and without words: the map is brought back to where the
 * network's input lay in the photograph. What the network did not see stays as it is.
 * @param photo the photograph as it was before it was resized and cut.
 * @param graph whose input it became, as its preprocessing says.
 * @throws InputError when the values do not fit the shape, the shape not the kind, or an option is out of range.
 */
export function renderOverlay(photo: Pixels, graph: PreprocessedGraph, options: MapOptions): Pixels {
  assertFields("overlay", options, MAP_FIELDS);
  const drawn = drawnMap(options);
  const crop = cropOf(photo, graph);
  const { region } = crop;
  const [across, down] = [photo.width / crop.width, photo.height / crop.height];
  const left = Math.round(region.left * across);
  const top = Math.round(region.top * down);
  const shown = {
    width: Math.max(1, Math.round(region.width * across)),
    height: Math.max(1, Math.round(region.height * down)),
    squares: false,
  };
  const under = new Uint8Array(shown.width * shown.height * 3);
  eachRow((from, to, length) => under.set(photo.data.subarray(from, from + length), to));
  const over = overlayPixels(drawn, { ...shown, data: under }, shown);
  const data = Uint8Array.from(photo.data);
  eachRow((from, to, length) => data.set(over.data.subarray(to, to + length), from));
  return { width: photo.width, height: photo.height, data };

  /** Calls for each row that photograph and map share, with where it begins in each and how long it is. */
  function eachRow(row: (inPhoto: number, inMap: number, length: number) => void): void {
    const [first, last] = [Math.max(0, left), Math.min(photo.width, left + shown.width)];
    for (let y = Math.max(0, top); y < Math.min(photo.height, top + shown.height); y++) {
      const inMap = 3 * ((y - top) * shown.width + first - left);
      row(3 * (y * photo.width + first), inMap, 3 * (last - first));
    }
  }
}
