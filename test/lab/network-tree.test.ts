import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { networkTree } from "../../src/lab/network-tree.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { testDevice } from "../gpu.ts";
import { mirrors, noise } from "./mirrors.ts";

let networks: Networks;
beforeAll(async () => {
  networks = createNetworks(await testDevice(), mirrors());
});
afterAll(() => networks.destroy());

describe("network tree", () => {
  test("says what the network says for pictures that it was not fitted to", async () => {
    const options = { samples: 1000, components: 60 } as const;
    const tree = await networkTree(networks, noise(240), { ...options, size: 63 });
    expect(tree).toMatchObject({ layer: "gap", train: 120, test: 120, components: 60, notes: [] });
    const leaf = await networkTree(networks, noise(240), { ...options, size: 1 });
    expect(leaf.nodes).toBe(1);
    expect(tree.fidelity).toBeGreaterThanOrEqual(leaf.fidelity);
    expect(tree.classes).toHaveLength(3);
    expect(tree.accuracy?.network).toBeGreaterThanOrEqual(0);
    const few = await networkTree(networks, noise(40), { samples: 10, size: 3 });
    expect(few.notes.join()).toMatch(/2 Gaussians in place of 100/);
  });

  test("does not depend on how many rows run at once", async () => {
    const options = { samples: 50, size: 5, components: 4 };
    const one = await networkTree(networks, noise(40), { ...options, batch: 3 });
    const other = await networkTree(networks, noise(40), { ...options, batch: 16 });
    expect(one).toEqual(other);
  });

  test("refuses a layer with places, and one that is not there", async () => {
    await expect(networkTree(networks, noise(20), { layer: "conv1" })).rejects.toThrow(
      /expected a layer \[C\] without places, before the logits/,
    );
    await expect(networkTree(networks, noise(20), { layer: "logits" })).rejects.toThrow(/before the logits/);
    await expect(networkTree(networks, noise(20), { layer: "nowhere" })).rejects.toThrow(/nowhere/);
    await expect(networkTree(networks, noise(1))).rejects.toThrow(/at least two pictures/);
  });
});
