import { beforeAll, describe, expect, test } from "vitest";
import { adapterName, requestDevice } from "../../src/gpu/device.ts";
import { tuneConvolutions } from "../../src/kernels/tune.ts";
import { chooseTiling, tilesFor, tilingOf, useTiles } from "../../src/layers/tiling.ts";
import { createGpu } from "../../src/node/gpu.ts";

/** A store in memory. */
function storeOf(entries: Record<string, string> = {}) {
  const map = new Map(Object.entries(entries));
  return {
    map,
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
  };
}

describe("tuning convolutions", () => {
  // What is chosen here must not reach the device that other tests share.
  let device: GPUDevice;
  beforeAll(async () => {
    device = await requestDevice(await createGpu());
    return () => device.destroy();
  });

  test("measures once, remembers by the adapter's name, and is followed from then on", async () => {
    const store = storeOf();
    const first = await tuneConvolutions(device, { store });
    expect(first).toMatchObject({ adapter: adapterName(device), measured: true });
    expect(tilesFor(device)).toContainEqual(first.tiles.little);
    expect(tilesFor(device)).toContainEqual(first.tiles.much);
    expect([...store.map.keys()]).toEqual([expect.stringContaining(adapterName(device))]);
    expect(chooseTiling(device, 1e6, 64)).toEqual(tilingOf(first.tiles.much, 64));

    const again = await tuneConvolutions(device, { store });
    expect(again).toEqual({ ...first, measured: false });
  });

  test("follows what the store says where the device can", async () => {
    const [little, much] = tilesFor(device);
    if (!little || !much) throw new Error("expected tiles");
    const store = { getItem: () => JSON.stringify({ little, much }), setItem: () => {} };
    expect(await tuneConvolutions(device, { store })).toMatchObject({
      measured: false,
      tiles: { little, much },
    });
    expect(chooseTiling(device, 100, 64)).toEqual(tilingOf(little, 64));
    expect(chooseTiling(device, 1e6, 64)).toEqual(tilingOf(much, 64));
  });

  test.each(["", "no json", "null", "[]", '{"little":{"pixels":3},"much":7}'])(
    "measures anew where the store holds %j, and changes nothing when stopped",
    async (text) => {
      const [tile] = tilesFor(device);
      if (!tile) throw new Error("expected a tile");
      useTiles(device, { little: tile, much: tile });
      const stop = new AbortController();
      const store = { getItem: () => text, setItem: () => expect.unreachable() };
      setTimeout(() => stop.abort(new Error("enough")));
      await expect(tuneConvolutions(device, { store, signal: stop.signal })).rejects.toThrow("enough");
      expect(chooseTiling(device, 100, 64)).toEqual(tilingOf(tile, 64));
    },
  );
});
