import { describe, expect, test } from "vitest";
import { withScope } from "../../src/gpu/scope.ts";
import { createTensor, readTensor } from "../../src/gpu/tensor.ts";
import { createHlsBatch } from "../../src/kernels/evolved-pictures.ts";
import { Draws } from "../../src/sampling/draws.ts";
import { CPPN_ENCODING } from "../../src/techniques/robustness/evolution/cppn-encoding.ts";
import {
  type CppnGenome,
  mutateCppn,
  randomCppn,
} from "../../src/techniques/robustness/evolution/cppn-genome.ts";
import { testDevice } from "../gpu.ts";
import { submit } from "../layers/run.ts";
import { rgbOfHls } from "../reference/hls.ts";
import { numbers } from "../reference/numbers.ts";

const PLAIN = { scale: [1, 1, 1], offset: [0, 0, 0] };

async function drawnHls(genes: readonly number[], shape: readonly number[], site = PLAIN) {
  const device = await testDevice();
  return withScope(device, "test", async ({ tensor, command }) => {
    const y = tensor(shape);
    const of = tensor([...shape.slice(0, 3), 3], { data: Float32Array.from(genes) });
    await submit(await command(createHlsBatch(device, { ...site, y, genes: of })));
    return [...(await readTensor(device, y))];
  });
}

describe("pictures of hues, lightnesses and saturations", () => {
  test("have the colours that everybody knows", async () => {
    const genes = [
      ...[0, 0.5, 1], // red
      ...[1 / 3, 0.5, 1], // green
      ...[2 / 3, 0.5, 1], // blue
      ...[1 / 6, 0.5, 1], // yellow
      ...[0.4, 1, 0.7], // white
      ...[0.9, 0, 1], // black
      ...[0.2, 0.4, 0], // grey
      ...[1, 0.5, 1], // red again
    ];
    const red = [255, 0, 0];
    expect(await drawnHls(genes, [1, 2, 4, 3])).toEqual(
      [red, [0, 255, 0], [0, 0, 255], [255, 255, 0], [255, 255, 255], [0, 0, 0], [102, 102, 102], red].flat(),
    );
  });

  test("are what the formula by cases gives, in whole numbers, for every picture of a batch", async () => {
    const genes = numbers(3 * 5 * 7 * 3, 4).map((v) => Math.abs(v) % 1);
    const drawn = await drawnHls([...genes], [3, 5, 7, 3]);
    for (let i = 0; i < genes.length; i += 3) {
      const rgb = rgbOfHls(genes[i] ?? 0, genes[i + 1] ?? 0, genes[i + 2] ?? 0);
      for (const [c, v] of rgb.entries())
        expect(Math.abs((drawn[i + c] ?? -9) - 255 * v)).toBeLessThan(0.501);
    }
    expect(drawn.every(Number.isInteger)).toBe(true);
  });

  test("are scaled per channel after rounding, and grey for one channel", async () => {
    const site = { scale: [2, 0.5, 1], offset: [-1, 3, 0] };
    expect(await drawnHls([0.2, 0.401, 0], [1, 1, 1, 3], site)).toEqual([2 * 102 - 1, 0.5 * 102 + 3, 102]);
    const [luma = 0] = await drawnHls([0, 0.5, 1], [1, 1, 1, 1]);
    expect(luma).toBe(Math.round(0.299 * 255));
  });
});

const RESPONSES = {
  sine: Math.sin,
  sigmoid: (v: number) => Math.tanh(v / 2),
  gaussian: (v: number) => Math.exp(-v * v),
  linear: (v: number) => Math.min(3, Math.max(-3, v)) / 3,
};

/** A network's colour at a pixel, node by node as the genome has it. */
function colorAt(
  { functions, connections }: CppnGenome,
  [row, column]: number[],
  [h, w]: number[],
): number[] {
  const [x, y] = [(2 * (column ?? 0) + 1) / (w ?? 1) - 1, (2 * (row ?? 0) + 1) / (h ?? 1) - 1];
  const inputs = [x, y, Math.hypot(x, y) / Math.SQRT2, 1];
  const value = (node: number): number => {
    if (node < 4) return inputs[node] ?? 0;
    const sum = connections.reduce(
      (s, { from, to, weight }) => (to === node ? s + weight * value(from) : s),
      0,
    );
    return RESPONSES[functions[node - 4] ?? "sine"](sum);
  };
  return rgbOfHls(Math.abs(value(4)), Math.abs(value(5)), Math.abs(value(6)));
}

async function drawnCppn(genomes: readonly CppnGenome[], images: number, [h, w]: readonly [number, number]) {
  const device = await testDevice();
  return withScope(device, "test", async (scope) => {
    const y = scope.tensor([images, h, w, 3]);
    const drawing = await CPPN_ENCODING.createDrawing(device, { ...PLAIN, y }, scope);
    drawing.write(genomes);
    await submit(drawing.draw);
    return readTensor(device, y);
  });
}

/** Networks of a few to some thirty neurons, with weights so small that single precision hardly shows. */
const genomes = [0, 3, 10, 40].map((mutations, seed): CppnGenome => {
  const draws = new Draws(seed, 1);
  let genome = randomCppn(draws);
  for (let i = 0; i < mutations; i++) genome = mutateCppn(genome, draws);
  return {
    ...genome,
    connections: genome.connections.map((own) => ({ ...own, weight: own.weight / 5 })),
  };
});

describe("pictures of pattern-producing networks", () => {
  test("are what the networks say, node by node", async () => {
    const size = [9, 13] as const;
    const drawn = await drawnCppn(genomes, genomes.length, size);
    let [off, i] = [0, 0];
    for (const genome of genomes) {
      for (let row = 0; row < size[0]; row++) {
        for (let column = 0; column < size[1]; column++) {
          for (const v of colorAt(genome, [row, column], [...size])) {
            const far = Math.abs((drawn[i++] ?? -9) - 255 * v);
            expect(far).toBeLessThan(1);
            if (far > 0.51) off++;
          }
        }
      }
    }
    expect(off).toBeLessThan(drawn.length / 100);
  });

  test("are the same to the bit wherever in a batch they stand", async () => {
    const size = [8, 11] as const;
    const together = await drawnCppn(genomes, genomes.length, size);
    for (const [n, genome] of genomes.entries()) {
      const alone = await drawnCppn([genome], 1, size);
      expect(together.subarray(n * alone.length, (n + 1) * alone.length)).toEqual(alone);
    }
  });

  test("refuse more genomes than the batch has room for", async () => {
    await expect(drawnCppn(genomes, 2, [4, 4])).rejects.toThrow(/expected up to 2 genomes, got 4/);
  });

  test("are black where nothing is connected", async () => {
    const device = await testDevice();
    const y = createTensor(device, [2, 3, 3, 3], { data: new Float32Array(54).fill(7) });
    await withScope(device, "test", async (scope) => {
      const drawing = await CPPN_ENCODING.createDrawing(device, { ...PLAIN, y }, scope);
      await submit(drawing.draw);
      expect([...(await readTensor(device, y))].every((v) => v === 0)).toBe(true);
    });
    y.buffer.destroy();
  });
});
