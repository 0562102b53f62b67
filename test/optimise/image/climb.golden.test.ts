import { afterAll, beforeAll, expect, test } from "vitest";
import { loadModel } from "../../../src/models/load-model.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import type { Network } from "../../../src/network/network.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { logit } from "../../../src/objectives/objective.ts";
import { createAscent } from "../../../src/optimise/ascent.ts";
import { climb } from "../../../src/optimise/climb.ts";
import { accentuationImage } from "../../../src/optimise/image/accentuation.ts";
import { fourierImage } from "../../../src/optimise/image/fourier.ts";
import type { ImageKind } from "../../../src/optimise/image/image.ts";
import { macoImage } from "../../../src/optimise/image/maco.ts";
import { adam } from "../../../src/optimise/optimisers/adam.ts";
import { gradientAscent } from "../../../src/optimise/optimisers/gradient-ascent.ts";
import type { Optimiser } from "../../../src/optimise/optimisers/optimiser.ts";
import { testDevice } from "../../gpu.ts";
import { inner } from "../../reference/numbers.ts";
import { goldenImages } from "./site.ts";

const BOUNDS = [-2, 2] as const;

let network: Network;
beforeAll(async () => {
  const graph = await loadModel(await modelFromDisk("test/golden/residual"));
  network = await createNetwork(await testDevice(), graph);
});
afterAll(() => network.destroy());

const right = (kind: string) => goldenImages(`${kind}-climb`);

test.each<readonly [string, () => ImageKind, Optimiser]>([
  ["fourier", () => fourierImage({ start: right("fourier")("start"), bounds: BOUNDS }), adam({ rate: 0.05 })],
  [
    "maco",
    () => {
      const magnitude = { shape: [24, 17, 3], data: right("maco")("magnitude") };
      return macoImage({ start: right("maco")("start"), magnitude, bounds: BOUNDS });
    },
    adam({ rate: 0.05 }),
  ],
  [
    "accentuation",
    () => accentuationImage({ picture: right("accentuation")("0"), bounds: BOUNDS }),
    gradientAscent({ rate: 0.5 }),
  ],
])("an ascent of a %s image goes where PyTorch's goes", async (name, image, optimiser) => {
  using ascent = await createAscent(network, { objective: logit(1), image: image(), optimiser });
  const values: number[] = [];
  for (const [steps, tolerance] of [
    [5, 1e-4],
    [20, 1e-3],
  ] as const) {
    const { pixels, curves } = await climb(ascent, { steps: steps - values.length });
    values.push(...(curves[0] ?? []));
    const exact = right(name)(String(steps));
    const off = pixels.map((pixel, i) => pixel - (exact[i] ?? Number.NaN));
    expect(Math.sqrt(inner(off, off) / inner(exact, exact))).toBeLessThan(tolerance);
  }
  const curve = right(name)("curve");
  const scale = Math.max(...curve.map(Math.abs));
  for (const [step, value] of values.entries()) {
    expect(Math.abs(value - (curve[step] ?? Number.NaN)) / scale).toBeLessThan(1e-4);
  }
  expect(values.length).toBe(20);
});
