import { existsSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../../src/gpu/errors.ts";
import { sizeOf } from "../../../src/gpu/tensor.ts";
import type { Graph, Layer } from "../../../src/graph/graph.ts";
import { namedPreprocessing } from "../../../src/graph/preprocessing.ts";
import type { Pixels } from "../../../src/images/pixels.ts";
import type { ModelFiles } from "../../../src/models/files.ts";
import { loadModel } from "../../../src/models/load-model.ts";
import { createNetworks } from "../../../src/network/pool.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { readImage } from "../../../src/node/image.ts";
import { createStylist, type StylizeOptions, stylize } from "../../../src/techniques/synthesis/stylize.ts";
import { testDevice } from "../../gpu.ts";
import { liveBytes } from "../../live-bytes.ts";
import { differenceOf, ourOutputs, tfjsOutputs } from "../../models/tfjs-graph/referee.ts";
import { numbers } from "../../reference/numbers.ts";

let device: GPUDevice;

beforeAll(async () => {
  device = await testDevice();
});

/** A picture of any numbers, the same for the same size. */
function picture(width: number, height: number): Pixels {
  const data = Uint8ClampedArray.from(numbers(width * height * 3, 4), (v) => 127.5 + 127.5 * v);
  return { width, height, data };
}

/** The colour of a place of a picture that goes on mirrored. */
function colour({ width, height, data }: Pixels, x: number, y: number): number[] {
  const mirror = (at: number, size: number): number => {
    for (let to = at; ; to = to < 0 ? -to : 2 * (size - 1) - to) if (to >= 0 && to < size) return to;
  };
  const at = 3 * (mirror(y, height) * width + mirror(x, width));
  return [...data.subarray(at, at + 3)];
}

const input: Layer = { op: "input", name: "image", inputs: [], shape: [8, 8, 3] };

/** A convolution of 3×3 that gives the pixel at a place of its window as it is. */
function taking(row: number, column: number, more: object): Layer {
  const data = new Float32Array(81);
  for (let c = 0; c < 3; c++) data[9 * (3 * row + column) + 4 * c] = 1;
  const conv = { op: "conv2d", name: "conv", inputs: ["image"], dilations: [1, 1], strides: [1, 1] };
  return { ...conv, w: { shape: [3, 3, 3, 3], data }, padding: "valid", ...more } as Layer;
}

function graphOf(layers: readonly Layer[], preprocessing = namedPreprocessing("unit")): Graph {
  return { name: "a style", layers, output: layers.at(-1)?.name ?? "", preprocessing };
}

/** Every second pixel of every second row, four times. */
const COARSE = graphOf([
  input,
  {
    ...{ op: "pool", name: "coarse", inputs: ["image"], mode: "max" },
    ...{ size: [1, 1], strides: [2, 2], padding: "valid" },
  },
  {
    ...{ op: "resize", name: "picture", inputs: ["coarse"], to: { factor: [2, 2] } },
    ...{ mode: "nearest", coordinates: "asymmetric", rounding: "floor" },
  },
]);

async function styled(graph: Graph, pixels: Pixels, options: StylizeOptions = {}): Promise<Pixels> {
  const networks = createNetworks(device, graph);
  try {
    return await stylize(networks, pixels, { output: [0, 1], ...options });
  } finally {
    networks.destroy();
  }
}

describe("stylize", () => {
  test.each([
    ["padded itself", { padding: "same" }, 1, 1],
    ["without padding, which eats a rim", {}, 1, 1],
  ] as const)(
    "gives the picture back through a network that leaves it as it is, %s",
    async (_, more, row, column) => {
      const pixels = picture(11, 7);
      expect(await styled(graphOf([input, taking(row, column, more)]), pixels)).toEqual(pixels);
    },
  );

  test("shows a network without padding the picture and its mirror image", async () => {
    const pixels = picture(6, 5);
    const { data } = await styled(graphOf([input, taking(0, 2, {})]), pixels);
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 6; x++) {
        const at = 3 * (6 * y + x);
        expect([...data.subarray(at, at + 3)]).toEqual(colour(pixels, x + 1, y - 1));
      }
    }
  });

  test.each([0, 3])("covers the rim of a zero-padded network with a border: %i", async (border) => {
    const pixels = picture(6, 5);
    const { data } = await styled(graphOf([input, taking(0, 2, { padding: "same" })]), pixels, { border });
    const corner = [...data.subarray(15, 18)];
    expect(corner).toEqual(border === 0 ? [0, 0, 0] : colour(pixels, 6, -1));
  });

  test.each([
    [8, 6],
    [7, 5],
  ])("brings a picture of %i×%i to a multiple of what the network halves", async (width, height) => {
    const pixels = picture(width, height);
    const { data, ...size } = await styled(COARSE, pixels);
    expect(size).toEqual({ width, height });
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = 3 * (width * y + x);
        expect([...data.subarray(at, at + 3)]).toEqual(colour(pixels, x - (x % 2), y - (y % 2)));
      }
    }
  });

  test("takes the range that the file declares", async () => {
    const signed = graphOf([input, taking(1, 1, {})], namedPreprocessing("signed"));
    const networks = createNetworks(device, { ...signed, outputRange: [-1, 1] });
    const pixels = picture(9, 9);
    expect(await stylize(networks, pixels)).toEqual(pixels);
    networks.destroy();
  });

  test("serves the frames of a film by one network, and refuses other sizes", async () => {
    const held = await liveBytes(device, async () => {
      using networks = createNetworks(device, graphOf([input, taking(1, 1, {})]));
      using stylist = await createStylist(networks, { width: 6, height: 5 }, { output: [0, 1] });
      const frames = [picture(6, 5), { ...picture(6, 5), data: new Uint8ClampedArray(90).fill(9) }];
      expect(await Promise.all(frames.map((frame) => stylist.draw(frame)))).toEqual(frames);
      await expect(stylist.draw(picture(5, 6))).rejects.toThrow(/a picture of 6×5 pixels, got 5×6/);
      const stopped = stylist.draw(picture(6, 5), { signal: AbortSignal.abort(new Error("enough")) });
      await expect(stopped).rejects.toThrow("enough");
    });
    expect(held).toMatchObject({ left: 0, objects: 0 });
  });

  const still = graphOf([input, taking(1, 1, {})]);
  const two = { op: "slice", name: "two", inputs: ["image"], starts: [0, 0, 0], sizes: [8, 8, 2] } as Layer;
  test.each<[string, Graph, StylizeOptions, RegExp]>([
    ["no output range", still, { output: undefined }, /two numbers for black and for white.*declares none/],
    ["a range of one number", still, { output: [1, 1] }, /two numbers for black and for white/],
    [
      "a range that is too small",
      graphOf([input, taking(1, 1, {})], namedPreprocessing("none")),
      {},
      /got .* to 2\d\d/,
    ],
    ["a range that is too large", still, { output: [0, 255] }, /give the range that the network has/],
    [
      "a guessed input",
      { ...still, preprocessing: { ...still.preprocessing, guessed: ["values"], source: "guessed: 0…1" } },
      {},
      /only guessed: 0…1; load it with a preprocessing/,
    ],
    ["a border of half a pixel", still, { border: 0.5 }, /border of 0 to 1024/],
    [
      "another size",
      graphOf([
        input,
        {
          op: "pool",
          name: "small",
          inputs: ["image"],
          mode: "max",
          size: [2, 2],
          strides: [2, 2],
          padding: "valid",
        },
      ]),
      {},
      /pictures of its input's size, got 4×4 of 9×8/,
    ],
  ])("refuses %s", async (_, graph, options, words) => {
    await expect(styled(graph, picture(8, 9), options)).rejects.toThrow(InputError);
    await expect(styled(graph, picture(8, 9), options)).rejects.toThrow(words);
  });

  test("refuses other channels than three", async () => {
    await expect(styled(graphOf([input, two]), picture(8, 8))).rejects.toThrow(UnsupportedError);
  });
});

const STYLE = "../shared/models/style_tiny_starry_night";

/** The files for pictures of another size than 256×256, which tfjs takes of the input and of two transposed convolutions. */
async function ofSize(files: ModelFiles, [height, width]: readonly [number, number]): Promise<ModelFiles> {
  const text = new TextDecoder().decode(await files.read(files.manifest));
  const manifest = text.replaceAll(
    '{"size": "256"}, {"size": "256"}',
    `{"size": "${height}"}, {"size": "${width}"}`,
  );
  const [{ paths, weights }] = JSON.parse(text).weightsManifest;
  const bytes = (await files.read(paths[0])).slice(0);
  let at = 0;
  for (const { name, shape, dtype } of weights) {
    const share = { const_196: 2, const_210: 1 }[name as string];
    if (share) new Int32Array(bytes, at, 4).set([height / share, width / share], 1);
    expect(dtype).toMatch(/32$/);
    at += 4 * sizeOf(shape);
  }
  const read = async (name: string) =>
    name === files.manifest ? new TextEncoder().encode(manifest).buffer : bytes;
  return { ...files, read };
}

describe.skipIf(!existsSync(STYLE))("a public style network is tfjs's within 1e-3", () => {
  const photograph = "../shared/images/photos/ais_golden_gate.jpg";
  const wide = "../shared/images/photos/skimage_chelsea.png";

  test.each([
    ["256×256", photograph],
    ["a photograph of 451×300", wide],
  ])("%s", { timeout: 300_000 }, async (_, path) => {
    const files = await modelFromDisk(STYLE);
    const graph = await loadModel(files, { preprocessing: "none" });
    const pixels = await readImage(path);
    const { width, height } = pixels;
    const painted = await styled(graph, pixels, { output: [0, 255] });
    expect(painted).toMatchObject({ width, height });

    // tfjs gets the picture continued to multiples of 4.
    const [h, w] = [4 * Math.ceil(height / 4), 4 * Math.ceil(width / 4)];
    const data = Float32Array.from({ length: h * w * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return colour(pixels, pixel % w, Math.floor(pixel / w))[i % 3] ?? 0;
    });
    const free = await ofSize(files, [h, w]);
    const fed = { input: { shape: [1, h, w, 3], data } };
    const [theirs] = await tfjsOutputs(free, fed, ["output"]);
    if (h === 256 && w === 256) {
      const [ours] = await ourOutputs(graph, fed, [graph.output]);
      expect(differenceOf(ours?.data ?? new Float32Array(), theirs?.data ?? new Float32Array())).toBeLessThan(
        1e-3,
      );
    }
    let worst = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < 3 * width; x++) {
        const expected = Math.min(255, Math.max(0, theirs?.data[3 * y * w + x] ?? Number.NaN));
        worst = Math.max(worst, Math.abs((painted.data[3 * y * width + x] ?? 0) - expected));
      }
    }
    // Rounding to whole numbers, and 1e-3 of 255.
    expect(worst).toBeLessThan(0.5 + 0.255);
  });
});
