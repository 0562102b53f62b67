import { InputError } from "../../../gpu/errors.ts";
import { createHlsBatch } from "../../../kernels/evolved-pictures.ts";
import type { Draws } from "../../../sampling/draws.ts";
import type { Encoding } from "./encoding.ts";
import { binaryCrossover, polynomialMutation } from "./operators.ts";

/** Hue, lightness and saturation of every pixel, 0…1, [H, W, 3]. */
export type DirectGenome = Float32Array<ArrayBuffer>;

const RANGE = [0, 1] as const;
const MUTATION = { rate: 0.1, eta: 15 };
const CROSSOVER = { rate: 0.5, eta: 10 };

/**
 * Direct encoding: every value of every pixel is a gene. Each child's genes are mutated with probability 0.1; a pair of children
 * is crossed with probability 0.5 (Nguyen et al. 2015, and the code that they published).
 */
export function directEncoding(height: number, width: number): Encoding<DirectGenome> {
  const size = height * width * 3;
  return {
    random: (draws) => Float32Array.from({ length: size }, () => draws.unit()),
    breed(a, b, draws) {
      const [first, second] = draws.chance(CROSSOVER.rate) ? cross(a, b, draws) : [a.slice(), b.slice()];
      for (const child of [first, second]) mutate(child, draws);
      return [first, second];
    },
    async createDrawing(device, { y, ...site }, { tensor, command }) {
      const images = y.shape[0] ?? 1;
      const genes = tensor([images, height, width, 3], { label: "direct genomes" });
      const draw = await command(createHlsBatch(device, { ...site, y, genes }));
      return {
        draw,
        write(genomes) {
          if (genomes.length > images) {
            throw new InputError(`direct encoding: expected up to ${images} genomes, got ${genomes.length}`);
          }
          for (const [n, genome] of genomes.entries()) {
            device.queue.writeBuffer(genes.buffer, 4 * n * size, genome);
          }
        },
      };
    },
  };
}

function cross(a: DirectGenome, b: DirectGenome, draws: Draws): [DirectGenome, DirectGenome] {
  const [first, second] = [new Float32Array(a.length), new Float32Array(a.length)];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    [first[i], second[i]] = draws.chance(0.5) ? binaryCrossover(x, y, RANGE, CROSSOVER.eta, draws) : [x, y];
  }
  return [first, second];
}

function mutate(genome: DirectGenome, draws: Draws): void {
  for (let i = 0; i < genome.length; i++) {
    if (draws.chance(MUTATION.rate)) {
      genome[i] = polynomialMutation(genome[i] ?? 0, RANGE, MUTATION.eta, draws);
    }
  }
}
