import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Pixels } from "../../src/images/pixels.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readImage } from "../../src/node/image.ts";
import { gradCam } from "../../src/techniques/attribution/grad-cam.ts";
import { testDevice } from "../gpu.ts";

const SHARED = "../shared";
const PHOTOS = `${SHARED}/images/photos`;

/** The middle of a picture, in the proportions of width to height, by the nearest pixels. */
function middle({ width, height, data }: Pixels, to: { width: number; height: number }): Pixels {
  const scale = Math.min(width / to.width, height / to.height);
  const [left, top] = [(width - to.width * scale) / 2, (height - to.height * scale) / 2];
  const out = new Uint8Array(to.width * to.height * 3);
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      const from = Math.floor(top + (y + 0.5) * scale) * width + Math.floor(left + (x + 0.5) * scale);
      out.set(data.subarray(3 * from, 3 * from + 3), 3 * (y * to.width + x));
    }
  }
  return { ...to, data: out };
}

/** One picture left of another. */
function beside(left: Pixels, right: Pixels): Pixels {
  const width = left.width + right.width;
  const data = new Uint8Array(width * left.height * 3);
  for (let y = 0; y < left.height; y++) {
    for (const [side, at] of [
      [left, 0],
      [right, left.width],
    ] as const) {
      const row = side.data.subarray(3 * y * side.width, 3 * (y + 1) * side.width);
      data.set(row, 3 * (y * width + at));
    }
  }
  return { width, height: left.height, data };
}

describe.skipIf(!existsSync(PHOTOS)).each(["squeezenet_v1_1", "mobilenet_v1_0.25_224"])(
  "Grad-CAM of %s",
  (name) => {
    let network: Network;
    beforeAll(async () => {
      const labels = JSON.parse(readFileSync(`${SHARED}/models/imagenet-labels.json`, "utf8")) as string[];
      const graph = await loadLayersModel(await modelFromDisk(`${SHARED}/models/${name}`));
      network = await createNetwork(await testDevice(), { ...graph, labels });
    });
    afterAll(() => network?.destroy());

    /** Share of the map for a class in the cells that `within` says, by the place of their middle, 0 to 1. */
    async function share(image: Pixels, target: string, within: (x: number, y: number) => boolean) {
      const { data, shape } = await gradCam(network, image, { target });
      const [h = 1, w = 1] = shape;
      const sum = data.reduce((total, value) => total + value, 0);
      const inside = data.reduce(
        (total, value, i) => total + (within(((i % w) + 0.5) / w, (Math.floor(i / w) + 0.5) / h) ? value : 0),
        0,
      );
      return inside / sum;
    }

    test("lies on the elephants and not on the grass before them", async () => {
      const image = await readImage(`${PHOTOS}/tfjs_vis_elephants.jpg`);
      // The lowest quarter of the photograph is grass alone.
      expect(await share(image, "African elephant", (_, y) => y > 0.75)).toBeLessThan(0.1);
    });

    test("tells two animals in one picture apart", async () => {
      const half = { width: 160, height: 224 };
      const [snake, elephants] = await Promise.all(
        ["pcv_snake.png", "tfjs_vis_elephants.jpg"].map((file) => readImage(`${PHOTOS}/${file}`)),
      );
      if (!snake || !elephants) throw new Error("expected both photographs");
      const image = beside(middle(snake, half), middle(elephants, half));
      const left = (x: number): boolean => x < 0.5;
      expect(await share(image, "king snake", left)).toBeGreaterThan(0.75);
      expect(await share(image, "African elephant", left)).toBeLessThan(0.25);
      const mirrored = beside(middle(elephants, half), middle(snake, half));
      expect(await share(mirrored, "king snake", left)).toBeLessThan(0.25);
      expect(await share(mirrored, "African elephant", left)).toBeGreaterThan(0.75);
    });
  },
);
