import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { composePictureMap } from "../../src/figures/picture-map.ts";
import { InputError } from "../../src/gpu/errors.ts";

/** The pixels of the first picture in a drawing. */
function pixelsIn(svg: string): (x: number, y: number) => number[] {
  const { data, width, channels } = decode(Buffer.from(/base64,([^"]+)"/.exec(svg)?.[1] ?? "", "base64"));
  return (x, y) => Array.from(data.slice((y * width + x) * channels, (y * width + x) * channels + 3));
}

describe("a map of pictures", () => {
  test("has the pictures at their places, later ones above, and names the groups", () => {
    const red = { width: 4, height: 4, data: new Uint8Array(48).map((_, i) => (i % 3 === 0 ? 255 : 0)) };
    const blue = { width: 4, height: 4, data: new Uint8Array(48).map((_, i) => (i % 3 === 2 ? 255 : 0)) };
    const { svg } = composePictureMap({
      title: "t",
      size: 100,
      pictures: [
        { x: 0, y: 0, thumbnail: red, group: "one" },
        { x: 0, y: 0, thumbnail: blue, group: "two" },
        { x: 10, y: 10, thumbnail: red },
      ],
    });
    const at = pixelsIn(svg);
    // The map has a margin of half a thumbnail and 2: from 4 to 96.
    expect(at(4, 4)).toEqual([0, 0, 255]);
    expect(at(96, 96)).toEqual([255, 0, 0]);
    expect(at(50, 50)).toEqual([250, 250, 249]);
    for (const words of ["one", "two"]) expect(svg).toContain(words);
  });

  test("has dots where there are no thumbnails, and one picture in the middle", () => {
    const { svg } = composePictureMap({ title: "t", size: 64, pictures: [{ x: 3, y: 9, group: "g" }] });
    const at = pixelsIn(svg);
    expect(at(32, 32)).not.toEqual([250, 250, 249]);
    expect(at(8, 8)).toEqual([250, 250, 249]);
  });

  test("refuses none, and places that are no numbers", () => {
    expect(() => composePictureMap({ title: "t", pictures: [] })).toThrow(InputError);
    expect(() => composePictureMap({ title: "t", pictures: [{ x: Number.NaN, y: 0 }] })).toThrow(InputError);
  });
});
