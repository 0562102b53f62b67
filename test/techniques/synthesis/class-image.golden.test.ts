import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { resized } from "../../../src/graph/resize.ts";
import { loadLayersModel } from "../../../src/models/keras/layers-model.ts";
import { createNetworks } from "../../../src/network/pool.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { readNpy } from "../../../src/node/npy.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import { classImage } from "../../../src/techniques/synthesis/class-image.ts";
import { testDevice } from "../../gpu.ts";

const [HEIGHT, WIDTH] = [28, 23];
const PATH = "test/golden/vitrine/class-image.npz";

/** ‖a − b‖ / ‖b‖ */
function distance(a: ArrayLike<number> = [], b: ArrayLike<number> = []): number {
  let [off, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    off += ((a[i] ?? Number.NaN) - (b[i] ?? 0)) ** 2;
    norm += (b[i] ?? 0) ** 2;
  }
  return Math.sqrt(off / norm);
}

test("a class image climbs as PyTorch's does", async () => {
  const golden = new Map(arraysOf(readFileSync(PATH), PATH).map(({ name, array }) => [name, array.data]));
  const graph = resized(await loadLayersModel(await modelFromDisk("models/vitrine")), [HEIGHT, WIDTH]);
  const { mean, std } = graph.preprocessing;
  const input = await readNpy("test/golden/vitrine/input.npy");
  const start = Float32Array.from({ length: HEIGHT * WIDTH * 3 }, (_, i) => {
    const [row, column, c] = [Math.floor(i / (WIDTH * 3)), Math.floor(i / 3) % WIDTH, i % 3];
    const value = input.data[(row * (input.shape[1] ?? 0) + column) * 3 + c] ?? 0;
    const home = mean.every((one) => one === 0) ? 0.5 : (mean[c] ?? 0);
    return (value * (std[c] ?? 1) + (mean[c] ?? 0) + home) / 2;
  });
  using networks = createNetworks(await testDevice(), graph);
  const live = new Map<number, Float32Array | undefined>();
  const { pictures } = await classImage(
    networks,
    { class: 3 },
    {
      ...{ start, steps: 20, rate: 0.005, penalty: 0.01, every: 5 },
      onPicture: ({ step, pictures: all }) => live.set(step, all[0]),
    },
  );
  // Pictures are held within 0…1 when they are shown.
  const shown = (name: string) => golden.get(name)?.map((value) => Math.min(1, Math.max(0, value)));
  expect(distance(live.get(5), shown("5"))).toBeLessThan(1e-4);
  expect(distance(pictures[0]?.data, shown("20"))).toBeLessThan(1e-3);
  expect(distance(pictures[0]?.curve, golden.get("curve"))).toBeLessThan(1e-4);
});
