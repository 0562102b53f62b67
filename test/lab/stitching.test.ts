import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { stitching } from "../../src/lab/stitching.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { testDevice } from "../gpu.ts";
import { mirrors, noise } from "./mirrors.ts";

const ORDER = [2, 0, 3, 1];
const FEW = { train: 12, test: 12, batch: 5, lambda: 1e-9 } as const;

let networks: Networks;
let ordered: Networks;
let strided: Networks;
let larger: Networks;
beforeAll(async () => {
  const device = await testDevice();
  networks = createNetworks(device, mirrors());
  ordered = createNetworks(device, mirrors({ order: ORDER }));
  strided = createNetworks(device, mirrors({ strides: [2, 2] }));
  larger = createNetworks(device, mirrors({ side: 12 }));
});
afterAll(() => {
  for (const one of [networks, ordered, strided, larger]) one.destroy();
});

describe("stitching", () => {
  test.each(["conv1", "conv2", "gap"])(
    "a layer to itself gives the network's own answers: %s",
    async (layer) => {
      const found = await stitching(networks, layer, networks, layer, noise(24), FEW);
      expect(found.error).toBeLessThan(1e-8);
      expect(found.agreement).toBe(1);
      expect([found.accuracy, found.accuracyBegin]).toEqual([found.accuracyEnd, found.accuracyEnd]);
      expect(found).toMatchObject({ train: 12, test: 12, notes: [] });
    },
  );

  test("to a network whose channels stand in another order finds that order", async () => {
    const { fit, error, agreement } = await stitching(networks, "conv1", ordered, "conv1", noise(24), FEW);
    expect(error).toBeLessThan(1e-8);
    expect(agreement).toBe(1);
    for (const [i, weight] of fit.weights.entries()) {
      const [from, to] = [Math.floor(i / 4), i % 4];
      expect(weight).toBeCloseTo(ORDER[to] === from ? 1 : 0, 4);
    }
  });

  test("of what does not say the same has an error, and other answers", async () => {
    const { error = 0, notes } = await stitching(networks, "conv2", ordered, "conv1", noise(24), FEW);
    expect(error).toBeGreaterThan(0.01);
    expect(error).toBeLessThan(1.2);
    expect(notes).toEqual([]);
    // So large a penalty leaves the mean: one answer to every picture, where the network gives several.
    const mean = await stitching(networks, "conv1", networks, "conv1", noise(24), { ...FEW, lambda: 1e9 });
    expect(mean.error).toBeGreaterThan(0.9);
    expect(mean.agreement).toBeLessThan(1);
    expect(mean.agreement).toBeGreaterThan(0);
  });

  test("resizes maps of another size, and says so; inputs may be of other sizes", async () => {
    const half = await stitching(strided, "conv1", networks, "conv1", noise(24), FEW);
    expect(half.notes).toEqual(["maps of 4×4 are resized to 8×8"]);
    expect(half.agreement).toBeGreaterThanOrEqual(0);
    const other = await stitching(networks, "conv1", larger, "conv1", noise(24), { ...FEW, size: 3 });
    expect(other.notes).toEqual(["maps of 8×8 are resized to 12×12"]);
    expect(other.fit.inputs).toBe(36);
    // The same picture, enlarged: the layer's maps follow in part.
    expect(other.error).toBeLessThan(0.9);
  });

  test.each([
    ["a layer without places into maps", "gap", "conv2", /expected places in "gap" for the 8×8 of "conv2"/],
    ["maps into a layer without places", "conv1", "gap", /expected no places in "conv1"/],
    ["a layer that is not there", "conv7", "conv1", /conv7/],
  ])("refuses %s", async (_, layer, into, words) => {
    const found = stitching(networks, layer, networks, into, noise(6));
    await expect(found).rejects.toThrow(InputError);
    await expect(found).rejects.toThrow(words);
  });

  test("refuses one picture", async () => {
    await expect(stitching(networks, "conv1", networks, "conv1", noise(1))).rejects.toThrow(
      /at least two pictures/,
    );
  });
});
