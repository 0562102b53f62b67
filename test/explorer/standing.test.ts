import fc from "fast-check";
import { Ray, Vector3 } from "three/webgpu";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { SLICES, type State } from "../../demo/questions.ts";
import { arrange, exhibitOf, homeOf } from "../../demo/room/arrangement.ts";
import { OrbitCamera } from "../../demo/room/camera.ts";
import { Exhibit } from "../../demo/room/exhibit.ts";
import { Moving } from "../../demo/room/motion.ts";
import { exhibitsAlong, Follower, goesThrough, type Hovered } from "../../demo/room/picking.ts";
import type { Stand } from "../../demo/room/plan.ts";
import { createStore } from "../../demo/state/store.ts";
import { LayerForm } from "../../src/graph.ts";

let still = false;
beforeAll(() => vi.stubGlobal("matchMedia", () => ({ matches: still })));
afterAll(() => vi.unstubAllGlobals());

type Size = readonly [number, number, number];

/** A row of exhibits of sizes: the image first. */
function rowOf(...sizes: readonly Size[]): Exhibit[] {
  const largest = { edge: Math.max(...sizes.map(([h, w]) => Math.max(h, w))), channels: 64 };
  return sizes.map((size, depth) => {
    const stand: Stand = {
      stages: [`layer${depth}`],
      shown: `layer${depth}`,
      depth,
      lane: 0,
      lanes: 1,
      from: depth > 0 ? [depth - 1] : [],
    };
    return new Exhibit(stand, depth, LayerForm.of([1, ...size]), largest, { picture: depth === 0 });
  });
}

const surroundings = { aspect: 1.5, software: true, settle: true };

/** Nothing selected, everything as the page begins. */
const DEFAULTS = createStore<State>(SLICES).state;

/** A row as it stands when a state is reached and nothing moves. */
function standing(exhibits: readonly Exhibit[], state: Partial<State>, aspect = 1.5): void {
  arrange(exhibits, { ...DEFAULTS, ...state }, { ...surroundings, aspect }, 0);
  for (const exhibit of exhibits) exhibit.step(1e6);
}

const postures = fc.record({
  size: fc.tuple(
    fc.integer({ min: 2, max: 12 }),
    fc.integer({ min: 2, max: 12 }),
    fc.integer({ min: 1, max: 30 }),
  ),
  layout: fc.constantFrom("sheet" as const, "stack" as const),
  explode: fc.constantFrom(0, 0.5, 1),
  aspect: fc.double({ min: 0.3, max: 3, noNaN: true }),
  open: fc.boolean(),
});

describe("how an exhibit stands", () => {
  test("no two voxels overlap, and all are inside its box", () => {
    fc.assert(
      fc.property(postures, ({ size, layout, explode, aspect, open }) => {
        const exhibits = rowOf([12, 12, 3], size, [1, 1, 5]);
        standing(exhibits, { layer: open ? "layer1" : undefined, layout, explode }, aspect);
        const { seen } = exhibits[1] as Exhibit;
        const [height, width] = size;
        const voxels = seen.channels.flatMap((channel) =>
          Array.from({ length: height * width }, (_, i) =>
            seen.unit(channel, Math.floor(i / width), i % width),
          ),
        );
        expect(voxels).toHaveLength(height * width * size[2]);
        const box = seen.box.expandByScalar(1e-4);
        const places = new Set<string>();
        for (const voxel of voxels) {
          if (!voxel) throw new Error("expected every unit of a small layer to be drawn");
          const { centre, half } = voxel;
          expect(Math.abs(centre.x - seen.position.x) + half.x).toBeLessThanOrEqual(
            box.max.x - seen.position.x + 1e-4,
          );
          expect(centre.y - half.y).toBeGreaterThanOrEqual(box.min.y);
          expect(centre.y + half.y).toBeLessThanOrEqual(box.max.y);
          // Voxels stand on a lattice: two overlap only where they have the same place in it.
          places.add(
            [centre.x / (2 * half.x), centre.y / (2 * half.y), centre.z].map((at) => at.toFixed(2)).join(),
          );
        }
        expect(places.size).toBe(voxels.length);
      }),
      { numRuns: 60 },
    );
  });

  test("a sheet is read like a page, its maps with y downwards", () => {
    const exhibits = rowOf([12, 12, 3], [6, 4, 10]);
    standing(exhibits, { layer: "layer1", layout: "sheet" });
    const { seen } = exhibits[1] as Exhibit;
    const at = (channel: number, y = 0, x = 0) => seen.unit(channel, y, x)?.centre ?? new Vector3(NaN);
    expect(seen.placing.columns).toBeGreaterThan(1);
    expect(at(1).x).toBeGreaterThan(at(0).x);
    expect(at(1).y).toBeCloseTo(at(0).y);
    expect(at(seen.placing.columns).x).toBeCloseTo(at(0).x);
    expect(at(seen.placing.columns).y).toBeLessThan(at(0).y);
    expect(at(0, 0, 1).x).toBeGreaterThan(at(0).x);
    expect(at(0, 1, 0).y).toBeLessThan(at(0).y);
    // Maps do not run into each other.
    expect(at(1, 0, 0).x - at(0, 0, 3).x).toBeGreaterThan(at(0, 0, 1).x - at(0).x);
  });

  test("in a stack the first map is in front; exploded they stand further apart", () => {
    const exhibits = rowOf([12, 12, 3], [6, 6, 10]);
    const depthOf = (explode: number) => {
      standing(exhibits, { layer: "layer1", layout: "stack", explode });
      const { seen } = exhibits[1] as Exhibit;
      return (seen.map(0)?.centre.z ?? 0) - (seen.map(1)?.centre.z ?? 0);
    };
    expect(depthOf(0)).toBeGreaterThan(0);
    expect(depthOf(1)).toBeGreaterThan(1.4 * depthOf(0));
  });

  test("of a large layer that is opened a page is drawn, whole; the others have no place", () => {
    const exhibits = rowOf([64, 64, 3], [64, 64, 100]);
    const large = exhibits[1] as Exhibit;
    standing(exhibits, { layer: "layer1" });
    expect(large.seen.placing.every).toEqual([1, 1, 1]);
    expect(large.seen.placing.first).toBe(0);
    expect(large.seen.placing.maps * 64 * 64).toBeLessThanOrEqual(160_000);
    standing(exhibits, { layer: "layer1", channel: 77 });
    expect(large.seen.channels).toContain(77);
    expect(large.seen.map(77)).toBeDefined();
    expect(large.seen.unit(0, 0, 0)).toBeUndefined();
    standing(exhibits, { layer: "layer1", from: 99 });
    expect(large.seen.channels.at(-1)).toBe(99);
    // From afar some are left out, and those have no place either.
    standing(exhibits, {});
    const drawn = large.seen.channels;
    expect(drawn.length).toBeLessThanOrEqual(100);
    for (let channel = 0; channel < 100; channel++)
      expect(large.seen.map(channel) !== undefined).toBe(drawn.includes(channel));
  });
});

describe("the row of exhibits", () => {
  test("stand one after another, with more room around the open one", () => {
    const exhibits = rowOf([32, 32, 3], [32, 32, 16], [16, 16, 32], [1, 1, 10]);
    const gaps = () =>
      exhibits.slice(1).map((exhibit, i) => exhibit.seen.box.min.x - (exhibits[i]?.seen.box.max.x ?? 0));
    standing(exhibits, {});
    const closed = gaps();
    expect(Math.min(...closed)).toBeGreaterThan(0.5);
    standing(exhibits, { layer: "layer2" });
    const open = gaps();
    expect(open[1]).toBeGreaterThan(closed[1] ?? 9);
    expect(open[0]).toBeCloseTo(closed[0] ?? 0);
  });

  test("are found by any layer that they stand for, and looked at when they are open", () => {
    const exhibits = rowOf([32, 32, 3], [32, 32, 16]);
    expect(exhibitOf(exhibits, "layer1")).toBe(exhibits[1]);
    expect(exhibitOf(exhibits, "layer9")).toBeUndefined();
    standing(exhibits, { layer: "layer1", layout: "sheet" });
    const home = homeOf(exhibits, { ...DEFAULTS, layer: "layer1" }, 1.5);
    expect(home).toMatchObject({ azimuth: 0, elevation: 0 });
    expect(home.box.equals((exhibits[1] as Exhibit).goal.box)).toBe(true);
    standing(exhibits, {});
    const all = homeOf(exhibits, DEFAULTS, 1.5).box;
    for (const { goal } of exhibits) expect(all.containsBox(goal.box)).toBe(true);
  });

  test("go where they are sent in a while, or at once for those who ask for no motion", () => {
    const moving = new Moving(0);
    expect(moving.send(1, 1000)).toBe(true);
    expect(moving.send(1, 1000)).toBe(false);
    expect([moving.at(1000), moving.at(1e6), moving.moving(1010), moving.moving(1e6)]).toEqual([
      0,
      1,
      true,
      false,
    ]);
    expect(moving.at(1100)).toBeGreaterThan(0.3);
    still = true;
    moving.send(5, 1e6);
    expect([moving.at(1e6), moving.moving(1e6)]).toEqual([5, false]);
    still = false;
  });
});

describe("what a ray meets", () => {
  test("the exhibits, nearest first; a voxel only where it stands now", () => {
    const exhibits = rowOf([32, 32, 3], [8, 8, 4], [8, 8, 4]);
    standing(exhibits, {});
    const along = new Ray(new Vector3(-50, 1, 0), new Vector3(1, 0, 0));
    expect(exhibitsAlong(exhibits, along).map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(exhibitsAlong(exhibits, new Ray(new Vector3(-50, 1, 0), new Vector3(-1, 0, 0)))).toEqual([]);
    const hovered: Hovered = { layer: "layer1", channel: 0, y: 3, x: 3, value: 1 };
    const { centre } = (exhibits[1] as Exhibit).seen.unit(0, 3, 3) ?? { centre: new Vector3() };
    const at = new Ray(new Vector3(centre.x, centre.y, 50), new Vector3(0, 0, -1));
    expect(goesThrough(exhibits, at, hovered)).toBe(true);
    expect(goesThrough(exhibits, at, { ...hovered, x: 4 })).toBe(false);
    standing(exhibits, { layer: "layer1", layout: "sheet" });
    expect(goesThrough(exhibits, at, hovered)).toBe(false);
  });
});

describe("the unit under the pointer", () => {
  const unit = (x: number): Hovered => ({ layer: "a", channel: 0, y: 0, x, value: x });

  /** A follower whose questions are answered when the test says so. */
  function followed() {
    const told: (number | undefined)[] = [];
    const asked: { x: number; answer(hovered: Hovered | undefined): Promise<void> }[] = [];
    const follower = new Follower({
      pick: ({ x }) =>
        new Promise((resolve) => {
          asked.push({
            x,
            answer: async (hovered) => {
              resolve(hovered);
              await new Promise((next) => setTimeout(next));
            },
          });
        }),
      holds: (hovered, at) => hovered.x === at.x,
      tell: (hovered) => told.push(hovered?.x),
    });
    return { follower, told, asked };
  }

  test("is told when the answer is about where the pointer is, and asked again when it is not", async () => {
    const { follower, told, asked } = followed();
    follower.move({ x: 1, y: 0 });
    follower.move({ x: 2, y: 0 });
    expect(asked.map(({ x }) => x)).toEqual([1]);
    await asked[0]?.answer(unit(1));
    expect(told).toEqual([]);
    expect(asked.map(({ x }) => x)).toEqual([1, 2]);
    await asked[1]?.answer(unit(2));
    expect(told).toEqual([2]);
  });

  test("is forgotten when the pointer leaves it, and stays while it does not", async () => {
    const { follower, told, asked } = followed();
    follower.move({ x: 1, y: 0 });
    await asked[0]?.answer(unit(1));
    follower.move({ x: 1, y: 5 });
    expect(told).toEqual([1, 1]);
    follower.move({ x: 3, y: 5 });
    expect(told).toEqual([1, 1, undefined]);
    follower.move(undefined);
    await asked[1]?.answer(unit(1));
    expect(told).toEqual([1, 1, undefined]);
  });

  test("is not known while the room moves, and is asked for when it rests", async () => {
    const { follower, told, asked } = followed();
    follower.move({ x: 1, y: 0 });
    await asked[0]?.answer(unit(1));
    follower.stir();
    expect(told).toEqual([1, undefined]);
    follower.move({ x: 1, y: 1 });
    expect(asked).toHaveLength(1);
    follower.rest();
    expect(asked).toHaveLength(2);
    // The room moves on while the answer is under way: it is late.
    follower.stir();
    await asked[1]?.answer(unit(1));
    expect(told).toEqual([1, undefined]);
    follower.rest();
    await asked[2]?.answer(unit(7));
    expect(told).toEqual([1, undefined, 7]);
  });
});

test.each([
  "1e308,0,20,0,0,0",
  "0,3,20,0,0,0",
  "0,0,-5,0,0,0",
  "0,0,0,0,0,0",
  "0,0,20,NaN,0,0",
  "0,0,20,0,1e9,0",
  "0,0,20",
  ",,,,,",
])("the camera does not go where nothing can be seen from: %s", (view) => {
  const camera = new OrbitCamera();
  const before = camera.view;
  expect(camera.look(view)).toBe(false);
  expect(camera.view).toBe(before);
});

test("the camera goes where it was", () => {
  const camera = new OrbitCamera();
  camera.orbit(30, 20);
  camera.fly(0.1, 0.2, 0.3);
  const { view } = camera;
  const other = new OrbitCamera();
  expect(other.look(view)).toBe(true);
  expect(other.view).toBe(view);
});
