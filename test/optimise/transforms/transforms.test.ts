import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../../src/gpu/errors.ts";
import { affine } from "../../../src/optimise/transforms/affine.ts";
import { cropAndResize } from "../../../src/optimise/transforms/crop-and-resize.ts";
import { flip } from "../../../src/optimise/transforms/flip.ts";
import { jitter } from "../../../src/optimise/transforms/jitter.ts";
import { noise } from "../../../src/optimise/transforms/noise.ts";
import { pad } from "../../../src/optimise/transforms/pad.ts";
import { lucidTransforms, macoTransforms } from "../../../src/optimise/transforms/presets.ts";
import { rotate } from "../../../src/optimise/transforms/rotate.ts";
import type { AffineMap, PictureBorder } from "../../../src/optimise/transforms/sampling.ts";
import { scale } from "../../../src/optimise/transforms/scale.ts";
import type { Transform } from "../../../src/optimise/transforms/transform.ts";
import { type Pictures, runViews, scattered } from "./run-views.ts";

const BOX = { side: [0.9, 0.3], steps: 4, sd: 0.05, centreSd: 0.15 } as const;

/** Each transform as it is used, and bordering on what it can do. */
const CASES: readonly (readonly [name: string, transforms: Transform[]])[] = [
  ["nothing", []],
  ["pad", [pad(3)]],
  ["pad by the edge", [pad(4, { border: "edge" })]],
  ["pad by reflection, beyond a picture's width", [pad(9, { border: "reflect" })]],
  ["pad by repetition", [pad(7, { border: "wrap" })]],
  ["jitter", [jitter(2)]],
  ["roll", [jitter(2, { wrap: true })]],
  ["scale", [scale([0.6, 0.9, 1, 1.7])]],
  ["scale, reflecting", [scale([0.3, 0.9, 1.7], { border: "reflect" })]],
  ["rotate", [rotate([-30, 0, 10, 90])]],
  ["rotate, by the edge", [rotate([-30, 47, 10], { border: "edge" })]],
  ["rotate, by repetition", [rotate([-30, 47, 10], { border: "wrap" })]],
  ["crop", [cropAndResize({ box: BOX, size: [7, 6] })]],
  ["crop, reflecting", [cropAndResize({ box: BOX, size: [5, 9], border: "reflect" })]],
  ["noise", [noise({ sd: 0.1, uniform: 0.05 })]],
  ["flip", [flip({ horizontal: 0.5, vertical: 0.5 })]],
  ["shear", [affine([[0.8, 0.3, 0.4, -0.2, 1.1, 0.7]], { border: "reflect", size: [9, 7] })]],
  ["Lucid's", lucidTransforms()],
  ["MACO's", macoTransforms({ steps: 4 })],
];

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? Number.NaN), 0);
}

/** |⟨Ax, y⟩ − ⟨x, Aᵀy⟩| beside the norms of both, A being the linear part. */
async function adjointError(x: Pictures, transforms: Transform[], run: object): Promise<number> {
  let dy: Float32Array = new Float32Array();
  const options = {
    ...run,
    dy: (size: number) => {
      dy = scattered(size, 5);
      return dy;
    },
  };
  const { y, dx } = await runViews(x, transforms, options);
  const { y: zero } = await runViews({ ...x, data: x.data.map(() => 0) }, transforms, options);
  const linear = y.data.map((value, i) => value - (zero.data[i] ?? Number.NaN));
  return Math.abs(dot(linear, dy) - dot(x.data, dx)) / Math.sqrt(dot(linear, linear) * dot(dy, dy));
}

describe("the gradient is the adjoint", () => {
  test.each(CASES)(
    "%s",
    async (_, transforms) => {
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            images: fc.integer({ min: 1, max: 2 }),
            height: fc.integer({ min: 3, max: 11 }),
            width: fc.integer({ min: 3, max: 11 }),
            channels: fc.constantFrom(1, 3, 5),
            views: fc.integer({ min: 1, max: 3 }),
            step: fc.integer({ min: 0, max: 9 }),
            seed: fc.integer({ min: 0, max: 99 }),
            resized: fc.boolean(),
          }),
          async ({ images, height, width, channels, views, step, seed, resized }) => {
            const shape = [images, height, width, channels] as const;
            const x = { shape, data: scattered(images * height * width * channels, seed) };
            const network = resized ? { network: [6, 9] as const } : {};
            expect(await adjointError(x, transforms, { views, step, seed, ...network })).toBeLessThan(1e-5);
          },
        ),
        { numRuns: 6, seed: 12 },
      );
    },
    60_000,
  );
});

/** A transform that nothing is joined with. */
const apart = ({ name, sizeOf, create }: Transform): Transform => ({ name, sizeOf, create });

test.each<[string, Transform[]]>([
  ["Lucid's", lucidTransforms()],
  ["moves only", [pad(3), jitter(4), jitter(2)]],
  ["fixed moves", [pad(3, { border: 0.25 }), jitter(4, { offsets: [[1, 3]] }), rotate([30])]],
  ["in order", [jitter(2, { offsets: [[0, 1], [2, 0]] }), pad(2), jitter(3), scale([0.7, 1.4])]], // biome-ignore format: one row a case
  ["a roll, which is none of them", [jitter(2, { wrap: true }), scale([0.8, 1.3]), jitter(2)]],
  ["beyond an edge", [pad(4, { border: "edge" }), rotate([20, -40]), jitter(3)]],
  [
    "mirrors and a crop",
    [pad(2), flip({ horizontal: 0.5 }), jitter(1), cropAndResize({ box: BOX, border: 0.1 })],
  ],
  [
    "a map that reflects",
    [pad(3, { border: 0.9 }), jitter(1), scale([0.4, 1.2], { border: "reflect" }), jitter(2)],
  ],
])("joined transforms are the same to the bit as one after another: %s", async (_, transforms) => {
  const x: Pictures = { shape: [2, 9, 11, 3], data: scattered(2 * 9 * 11 * 3, 6) };
  for (const [step, views] of [
    [0, 1],
    [3, 2],
  ] as const) {
    const run = { step, views, seed: 5, dy: (size: number) => scattered(size, 7) };
    const joined = await runViews(x, transforms, run);
    const before = await runViews(x, transforms.map(apart), run);
    expect(joined.y).toEqual(before.y);
    // Of zeros, the sign may differ.
    expect(joined.dx.map((v) => v + 0)).toEqual(before.dx.map((v) => v + 0));
  }
});

/** The pixel at a place of the unbounded line, −1 beyond a constant border. */
function fold(place: number, length: number, border: PictureBorder): number {
  if (place >= 0 && place < length) return place;
  if (typeof border === "number") return -1;
  if (border === "edge") return place < 0 ? 0 : length - 1;
  const step = border === "wrap" ? length : 0;
  if (step > 0) return fold(place < 0 ? place + step : place - step, length, border);
  return fold(place < 0 ? -place : 2 * (length - 1) - place, length, border);
}

/** A view by an affine map, in loops of double precision. */
function sampledInLoops(
  x: Pictures,
  map: AffineMap,
  border: PictureBorder,
  size: readonly [number, number],
): number[] {
  const [images, h, w, channels] = x.shape;
  const out: number[] = [];
  for (let n = 0; n < images; n++) {
    for (let row = 0; row < size[0]; row++) {
      for (let column = 0; column < size[1]; column++) {
        const down = map[0] * row + map[1] * column + map[2];
        const across = map[3] * row + map[4] * column + map[5];
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (const r of [Math.floor(down), Math.floor(down) + 1]) {
            for (const s of [Math.floor(across), Math.floor(across) + 1]) {
              const [i, j] = [fold(r, h, border), fold(s, w, border)];
              const value =
                i < 0 || j < 0
                  ? Number(border)
                  : (x.data[((n * h + i) * w + j) * channels + c] ?? Number.NaN);
              sum += (1 - Math.abs(down - r)) * (1 - Math.abs(across - s)) * value;
            }
          }
          out.push(sum);
        }
      }
    }
  }
  return out;
}

function expectClose(found: Float32Array, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  const worst = found.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? Number.NaN))),
    0,
  );
  expect(worst).toBeLessThan(1e-5);
}

const PICTURE: Pictures = { shape: [2, 5, 7, 3], data: scattered(2 * 5 * 7 * 3, 1) };

describe("the views are those of loops in double precision", () => {
  const turned = ((): AffineMap => {
    const [cos, sin] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    return [cos, sin, 2 - 2 * cos - 3 * sin, -sin, cos, 3 + 2 * sin - 3 * cos];
  })();
  const cases: readonly (readonly [
    string,
    Transform,
    AffineMap,
    PictureBorder,
    readonly [number, number],
  ])[] = [
    ["pad", pad(2, { border: 0.25 }), [1, 0, -2, 0, 1, -2], 0.25, [9, 11]],
    ["pad by the edge", pad(6, { border: "edge" }), [1, 0, -6, 0, 1, -6], "edge", [17, 19]],
    ["pad by reflection", pad(9, { border: "reflect" }), [1, 0, -9, 0, 1, -9], "reflect", [23, 25]],
    ["pad by repetition", pad(9, { border: "wrap" }), [1, 0, -9, 0, 1, -9], "wrap", [23, 25]],
    ["jitter", jitter(3, { offsets: [[1, 3]] }), [1, 0, 1, 0, 1, 3], 0, [2, 4]],
    ["roll", jitter(3, { wrap: true, offsets: [[-2, 3]] }), [1, 0, 2, 0, 1, -3], "wrap", [5, 7]],
    ["scale", scale([0.8], { border: 0.5 }), [1.25, 0, -0.5, 0, 1.25, -0.75], 0.5, [5, 7]],
    ["rotate", rotate([30]), turned, 0, [5, 7]],
    ["rotate, reflecting", rotate([30], { border: "reflect" }), turned, "reflect", [5, 7]],
    ["flip", flip({ horizontal: 1 }), [1, 0, 0, 0, -1, 6], 0, [5, 7]],
    ["flip upside down", flip({ vertical: 1 }), [-1, 0, 4, 0, 1, 0], 0, [5, 7]],
    [
      "crop",
      cropAndResize({ boxes: [[1, -1, 3, 4]], size: [6, 8], border: 0.5 }),
      [0.5, 0, 0.75, 0, 0.5, -1.25],
      0.5,
      [6, 8],
    ],
  ];
  test.each(cases)("%s", async (_, transform, map, border, size) => {
    const { y, sizes } = await runViews(PICTURE, [transform]);
    expect(sizes).toEqual([size]);
    expectClose(y.data, sampledInLoops(PICTURE, map, border, size));
  });

  test("ordered draws go with the steps, and begin again", async () => {
    const list = [0, 90, 180];
    for (const [step, angle] of [0, 90, 180, 0].entries()) {
      const { y } = await runViews(PICTURE, [rotate(list, { ordered: true })], { step });
      const { y: alone } = await runViews(PICTURE, [rotate([angle])]);
      expect(y.data).toEqual(alone.data);
    }
  });
});

test.each([
  ["of the network's size", [5, 7] as const],
  ["resized", [6, 9] as const],
])("views %s are scaled and moved by their channel, and their gradients added", async (_, network) => {
  const run = { network, views: 2, dy: (size: number) => scattered(size, 8) };
  const { y: plain, dx: plainDx } = await runViews(PICTURE, [], run);
  const [scale, offset] = [
    [2, -3, 0.5],
    [1, 0, -4],
  ];
  const { y, dx } = await runViews(PICTURE, [], { ...run, scale, offset });
  expectClose(
    y.data,
    plain.data.map((v, i) => v * (scale[i % 3] ?? 0) + (offset[i % 3] ?? 0)),
  );
  expectClose(
    dx,
    plainDx.map((v, i) => v * (scale[i % 3] ?? 0)),
  );
  if (network[0] === 5) {
    const one = 5 * 7 * 3;
    const image = (n: number) => PICTURE.data.slice(n * one, (n + 1) * one);
    expect(plain.data).toEqual(Float32Array.of(...image(0), ...image(0), ...image(1), ...image(1)));
    const dy = scattered(4 * one, 8);
    expectClose(
      plainDx,
      PICTURE.data.map((_, i) => {
        const first = i + Math.floor(i / one) * one;
        return (dy[first] ?? 0) + (dy[first + one] ?? 0);
      }),
    );
  }
});

/** Draws of a transform: what view becomes of a picture that counts its pixels, for many views and steps. */
async function draws(transform: Transform, size: number, steps: number, views: number): Promise<string[]> {
  const x: Pictures = {
    shape: [1, size, size, 1],
    data: Float32Array.from({ length: size * size }, (_, i) => i + 1),
  };
  const found: string[] = [];
  for (let step = 0; step < steps; step++) {
    const { y } = await runViews(x, [transform], { views, step, seed: 3 });
    const length = y.data.length / views;
    for (let v = 0; v < views; v++) found.push(y.data.slice(v * length, (v + 1) * length).join());
  }
  return found;
}

const count = (all: readonly string[]): number[] =>
  [...new Set(all)].map((one) => all.filter((other) => other === one).length);

describe("draws", () => {
  test("jitter finds each of its places, about equally often, another in each view and step", async () => {
    const all = await draws(jitter(2), 4, 4, 60);
    const counts = count(all);
    expect(counts.length).toBe(9);
    // 240 draws of 9: expected 26.7 each, standard deviation 4.9.
    expect(Math.min(...counts)).toBeGreaterThan(10);
    expect(Math.max(...counts)).toBeLessThan(46);
    expect(all.slice(0, 60)).not.toEqual(all.slice(60, 120));
  });

  test("a roll goes as far back as forth", async () => {
    expect(count(await draws(jitter(1, { wrap: true }), 4, 2, 60)).length).toBe(9);
  });

  test("scale and rotate take every entry of their lists", async () => {
    expect(count(await draws(scale([0.5, 1, 2, 3]), 5, 1, 60)).length).toBe(4);
    expect(count(await draws(rotate([0, 45, 90, 135, 180]), 5, 1, 60)).length).toBe(5);
  });

  test("a flip is as likely as it says", async () => {
    const counts = count(await draws(flip({ horizontal: 0.25 }), 3, 1, 400)).sort((a, b) => a - b);
    expect(counts.length).toBe(2);
    // 100 ± 8.7
    expect(Math.abs((counts[0] ?? 0) - 100)).toBeLessThan(35);
  });

  test("crops shrink with the steps, and then stay", async () => {
    // A ramp: the difference of two neighbours is the side of the crop.
    const x: Pictures = {
      shape: [1, 100, 100, 1],
      data: Float32Array.from({ length: 10_000 }, (_, i) => i % 100),
    };
    const sides = async (step: number) => {
      const crop = cropAndResize({ box: { side: [0.5, 0.1], steps: 10, sd: 0.02 }, size: [10, 10] });
      const { y } = await runViews(x, [crop], { views: 200, step });
      return Array.from(
        { length: 200 },
        (_, v) => ((y.data[v * 100 + 5] ?? 0) - (y.data[v * 100 + 4] ?? 0)) / 10,
      );
    };
    for (const [step, mean] of [
      [0, 0.5],
      [5, 0.3],
      [10, 0.1],
      [50, 0.1],
    ] as const) {
      const found = await sides(step);
      const average = found.reduce((a, b) => a + b) / 200;
      expect(Math.abs(average - mean)).toBeLessThan(0.006);
      const deviation = Math.sqrt(found.reduce((sum, side) => sum + (side - average) ** 2, 0) / 200);
      expect(Math.abs(deviation - 0.02)).toBeLessThan(0.005);
    }
  });

  test("noise has its deviation, its range and mean 0", async () => {
    const x: Pictures = { shape: [1, 64, 64, 1], data: new Float32Array(4096) };
    const { y } = await runViews(x, [noise({ sd: 0.5 })], { views: 2 });
    const mean = y.data.reduce((a, b) => a + b) / 8192;
    const deviation = Math.sqrt(y.data.reduce((sum, value) => sum + value ** 2, 0) / 8192);
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(deviation - 0.5)).toBeLessThan(0.015);
    expect(y.data.slice(0, 4096)).not.toEqual(y.data.slice(4096));
    const { y: even } = await runViews(x, [noise({ uniform: 0.5 })]);
    expect(Math.max(...even.data.map(Math.abs))).toBeLessThanOrEqual(0.5);
    expect(Math.max(...even.data)).toBeGreaterThan(0.49);
  });

  test("images of different numbers draw differently", async () => {
    const one = scattered(16 * 16, 3);
    const twice: Pictures = { shape: [2, 16, 16, 1], data: Float32Array.of(...one, ...one) };
    for (const numbers of [
      [0, 1],
      [4, 4],
    ]) {
      const { y } = await runViews(twice, [jitter(8)], { numbers });
      const same = y.data.slice(0, 64).every((value, i) => value === y.data[64 + i]);
      expect(same).toBe(numbers[0] === numbers[1]);
    }
  });

  test("a view is the same to the bit in another batch", async () => {
    const size = 13 * 11 * 3;
    const shape = [3, 13, 11, 3] as const;
    const data = scattered(3 * size, 2);
    const run = { views: 2, step: 7, seed: 9, dy: (length: number) => scattered(length, 4) };
    const transforms = [...lucidTransforms(), noise({ sd: 0.1 })];
    const together = await runViews({ shape, data }, transforms, { ...run, numbers: [5, 8, 6] });
    const length = together.y.data.length / 3;
    const alone = await runViews({ shape: [1, 13, 11, 3], data: data.slice(size, 2 * size) }, transforms, {
      ...run,
      numbers: [8],
      dy: () => scattered(3 * length, 4).slice(length, 2 * length),
    });
    expect(alone.y.data).toEqual(together.y.data.slice(length, 2 * length));
    expect(alone.dx).toEqual(together.dx.slice(size, 2 * size));
  });
});

describe("bad input", () => {
  test("a picture smaller than its jitter", async () => {
    await expect(runViews(PICTURE, [jitter(5)])).rejects.toThrow(InputError);
    await expect(runViews(PICTURE, [jitter(5)])).rejects.toThrow(
      "jitter 5: expected pictures of more than 5 pixels a side, got 5×7",
    );
  });

  test("preprocessing of more than four channels", async () => {
    const five: Pictures = { shape: [1, 2, 2, 5], data: new Float32Array(20) };
    await expect(runViews(five, [], { scale: [1, 2, 3, 4, 5] })).rejects.toThrow(UnsupportedError);
  });

  test.each<[string, () => unknown]>([
    ["pad: expected at least 1", () => pad(0)],
    ["pad: expected a border", () => pad(2, { border: "mirror" as never })],
    ["jitter: expected at least 1", () => jitter(1.5)],
    ["jitter 2: expected offsets", () => jitter(2, { offsets: [[3, 0]] })],
    ["scale: expected a list of factors", () => scale([])],
    ["scale: expected a list of factors", () => scale([0])],
    ["rotate: expected a list of angles", () => rotate([Number.NaN])],
    ["flip: expected horizontal", () => flip({ horizontal: 2 })],
    ["noise: expected sd", () => noise({ sd: -1 })],
    ["cropAndResize: expected box or boxes, got neither", () => cropAndResize({})],
    ["cropAndResize: expected box.steps", () => cropAndResize({ box: { side: [1, 0.5] } })],
    ["cropAndResize: expected box.side of 0 to 1, got 2", () => cropAndResize({ box: { side: 2 } })],
    ["cropAndResize: expected boxes", () => cropAndResize({ boxes: [[0, 0, 0, 1]] })],
    ["affine: expected maps", () => affine([[1, 1, 0, 1, 1, 0]])],
    ["affine: expected a size", () => affine([[1, 0, 0, 0, 1, 0]], { size: [0, 1] })],
    ["macoTransforms: expected at least 1 step", () => macoTransforms({ steps: 0 })],
  ])("%s", (message, call) => {
    expect(call).toThrow(InputError);
    expect(call).toThrow(message);
  });
});
