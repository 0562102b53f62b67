import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { PICTURE_TECHNIQUES, pictureTechniqueNamed } from "../../../src/techniques/synthesis/list.ts";
import type {
  LivePicture,
  PictureRequest,
  PictureTechnique,
} from "../../../src/techniques/synthesis/picture-technique.ts";
import { testDevice } from "../../gpu.ts";
import { chain } from "../../graph/graphs.ts";

/** A small network that photographs are shown to, and one that draws its input again. */
const PREPROCESSING = { range: 255, mean: [0, 0, 0], std: [1, 1, 1], source: "test" } as const;
const small = (): Graph => ({ ...chain(3), preprocessing: PREPROCESSING });
const drawing = (): Graph => ({
  ...{ name: "same", preprocessing: PREPROCESSING, output: "same", outputRange: [0, 1] },
  layers: [
    { op: "input", name: "image", inputs: [], shape: [8, 6, 3] },
    { op: "activation", name: "same", inputs: ["image"], activation: { kind: "relu" } },
  ],
});

const pixels = (by: number) => ({
  ...{ width: 6, height: 8 },
  data: Uint8ClampedArray.from({ length: 144 }, (_, i) => (by * i) % 256),
});
const ALL = {
  picture: pixels(37),
  secondPicture: pixels(101),
  layers: ["conv1"],
  contentLayers: ["conv2"],
} as const satisfies PictureRequest;
const requestOf = ({ asks }: PictureTechnique): PictureRequest =>
  Object.fromEntries(asks.map((asked) => [asked, ALL[asked]])) as unknown as PictureRequest;
const quickly = ({ options }: PictureTechnique) => ("steps" in options ? { steps: 2 } : {});

let device: GPUDevice;
let looking: Networks;
let painting: Networks;
const networksOf = ({ draws }: PictureTechnique) => (draws ? painting : looking);
beforeAll(async () => {
  device = await testDevice();
  looking = createNetworks(device, small());
  painting = createNetworks(device, drawing());
});
afterAll(() => {
  looking.destroy();
  painting.destroy();
});

describe("the techniques of pictures", () => {
  test("are named once, with their papers and commands", () => {
    const names = PICTURE_TECHNIQUES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, summary, paper, asks, command } of PICTURE_TECHNIQUES) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(summary).toMatch(/^[A-Z][^[]+[^.]$/);
      expect(paper.arxiv ?? paper.doi ?? paper.address).toMatch(/^(\d{4}\.\d{4,5}|10\.\d+\/.+|https:.+)$/);
      expect(asks[0]).toBe("picture");
      expect(command).toMatch(/^[a-z]+( --\w+( \w+)?)?$/);
    }
    expect(() => pictureTechniqueNamed("deep-dreams")).toThrow(/did you mean "deep-dream"\?/);
  });

  test.each(PICTURE_TECHNIQUES)(
    "$name makes a picture of 0…1, and shows it as it comes about",
    async (one) => {
      const live: LivePicture[] = [];
      const options = { ...quickly(one), onPicture: (picture: LivePicture) => live.push(picture) };
      const { technique, pictures } = await one.run(networksOf(one), requestOf(one), options);
      expect(technique).toBe(one.name);
      expect(pictures).toHaveLength(1);
      const [{ data, shape, grey, curve } = pictures[0] as never] = pictures;
      expect(shape).toEqual([8, 6, 3]);
      expect(data).toHaveLength(144);
      expect(data.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(grey).toBeUndefined();
      if ("octaves" in one.options) expect(live.length).toBeGreaterThan(0);
      if (curve) expect(curve).toHaveLength(2);
      for (const { pictures, shape } of live) expect(pictures[0]).toHaveLength(shape[0] * shape[1] * 3);
    },
  );

  test.each(PICTURE_TECHNIQUES)("$name refuses what it does not know, and what is missing", async (one) => {
    const run = (request: object, options: object = {}) =>
      one.run(networksOf(one), request as never, options as never);
    await expect(run(requestOf(one), { stepz: 3 })).rejects.toThrow(/got "stepz"/);
    for (const asked of one.asks) {
      await expect(run({ ...requestOf(one), [asked]: undefined })).rejects.toThrow(InputError);
      if (asked.endsWith("ayers")) {
        await expect(run({ ...requestOf(one), [asked]: [] })).rejects.toThrow(/expected a list of .*layers/);
      }
    }
    await expect(run({ ...requestOf(one), target: 3 })).rejects.toThrow(/request: expected .*got "target"/);
  });

  test("say of a picture of one color that nothing was found", async () => {
    const white = { width: 6, height: 8, data: new Uint8ClampedArray(144).fill(200) };
    const { pictures } = await pictureTechniqueNamed("feed-forward-style").run(painting, { picture: white });
    expect(pictures[0]).toMatchObject({ grey: true, notes: [expect.stringContaining("one color")] });
  });
});
