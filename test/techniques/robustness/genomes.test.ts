import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CPPN_INPUTS, MOST_CPPN_VALUES } from "../../../src/kernels/evolved-pictures.ts";
import { Draws } from "../../../src/sampling/draws.ts";
import {
  CPPN_WORDS,
  type CppnGenome,
  MOST_CONNECTIONS,
  mutateCppn,
  programOf,
  randomCppn,
} from "../../../src/techniques/robustness/evolution/cppn-genome.ts";
import { directEncoding } from "../../../src/techniques/robustness/evolution/direct-encoding.ts";
import { Niches } from "../../../src/techniques/robustness/evolution/niches.ts";
import {
  binaryCrossover,
  polynomialMutation,
} from "../../../src/techniques/robustness/evolution/operators.ts";

const seeds = fc.nat(2 ** 32 - 1);

function evolved(seed: number, mutations: number): CppnGenome {
  const draws = new Draws(seed, 0);
  let genome = randomCppn(draws);
  for (let i = 0; i < mutations; i++) genome = mutateCppn(genome, draws);
  return genome;
}

/** Tells whether a node can be reached from itself. */
function hasCircle({ connections }: CppnGenome): boolean {
  const left = new Set(connections);
  // Connections into which nothing leads any more go, one after another; those of a circle stay.
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const own of left) if (![...left].some(({ to }) => to === own.from)) left.delete(own);
  }
  return left.size > 0;
}

describe("a pattern-producing network", () => {
  test("stays a network, however often it is mutated", () => {
    fc.assert(
      fc.property(seeds, fc.nat(400), (seed, mutations) => {
        const genome = evolved(seed, mutations);
        const nodes = CPPN_INPUTS + genome.functions.length;
        expect(nodes).toBeLessThanOrEqual(MOST_CPPN_VALUES);
        expect(nodes).toBeGreaterThanOrEqual(CPPN_INPUTS + 3);
        expect(genome.connections.length).toBeLessThanOrEqual(MOST_CONNECTIONS);
        for (const { from, to, weight } of genome.connections) {
          expect(from < 4 || (from >= 7 && from < nodes)).toBe(true);
          expect(to >= 4 && to < nodes).toBe(true);
          expect(Math.abs(weight)).toBeLessThanOrEqual(10);
        }
        expect(new Set(genome.connections.map(({ from, to }) => `${from} ${to}`)).size).toBe(
          genome.connections.length,
        );
        expect(hasCircle(genome)).toBe(false);
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  test("runs every neuron after its sources, the outputs last, within its room", () => {
    fc.assert(
      fc.property(seeds, fc.nat(300), (seed, mutations) => {
        const words = programOf(evolved(seed, mutations));
        expect(words.length).toBeLessThanOrEqual(CPPN_WORDS);
        const [neurons = 0] = words;
        let word = 1;
        for (let neuron = 0; neuron < neurons; neuron++) {
          expect(words[word]).toBeLessThan(4);
          const connections = words[word + 1] ?? 0;
          for (let k = 0; k < connections; k++) {
            expect(words[word + 2 + 2 * k]).toBeLessThan(CPPN_INPUTS + Math.min(neuron, neurons - 3));
          }
          word += 2 + 2 * connections;
        }
        expect(word).toBe(words.length);
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  test("leaves out what no output depends on", () => {
    const weight = 1;
    const genome: CppnGenome = {
      functions: ["sine", "linear", "gaussian", "sigmoid", "sine"],
      connections: [
        { from: 0, to: 7, weight },
        { from: 7, to: 4, weight },
        { from: 1, to: 8, weight },
      ],
    };
    expect(programOf(genome)[0]).toBe(4);
  });

  test("grows: mutation adds neurons more often than it takes them", () => {
    const sizes = Array.from({ length: 40 }, (_, seed) => evolved(seed, 30).functions.length - 3);
    const mean = sizes.reduce((a, b) => a + b, 0) / sizes.length;
    // 30 · (0.5 − 0.2) = 9, a little more where there was none to take.
    expect(mean).toBeGreaterThan(8);
    expect(mean).toBeLessThan(12);
  });

  test("gets a neuron in the middle of a connection, both halves with its weight", () => {
    let grown = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { functions, connections } = evolved(seed, 1);
      if (functions.length === 3) continue;
      grown++;
      const into = connections.filter(({ to }) => to === 7);
      const out = connections.filter(({ from }) => from === 7);
      expect([into.length, out.length]).toEqual([1, 1]);
      expect(into[0]?.weight).toBe(out[0]?.weight);
    }
    // 0.5 that one comes, 0.8 that it does not go again.
    expect(grown).toBeGreaterThan(12);
  });

  test("is left as it is by mutation, which depends on the draws alone", () => {
    const genome = evolved(5, 20);
    const before = structuredClone(genome);
    const children = [0, 0, 1].map((stream) => mutateCppn(genome, new Draws(9, stream)));
    expect(genome).toEqual(before);
    expect(children[0]).toEqual(children[1]);
    expect(children[0]).not.toEqual(children[2]);
  });
});

describe("genetic operators", () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });

  test("stay within the bounds", () => {
    fc.assert(
      fc.property(unit, unit, seeds, (a, b, seed) => {
        const draws = new Draws(seed, 0);
        const made = [polynomialMutation(a, [0, 1], 15, draws), ...binaryCrossover(a, b, [0, 1], 10, draws)];
        for (const value of made) expect(value >= 0 && value <= 1).toBe(true);
      }),
      { seed: 5 },
    );
  });

  test("polynomial mutation has the density (1 − |δ|)^η", () => {
    const draws = new Draws(1, 0);
    const steps = Array.from({ length: 20000 }, () => polynomialMutation(0, [-1, 1], 15, draws) / 2);
    const mean = steps.reduce((a, b) => a + b, 0) / steps.length;
    const size = steps.reduce((a, b) => a + Math.abs(b), 0) / steps.length;
    expect(Math.abs(mean)).toBeLessThan(0.002);
    // E|δ| = 1 / (η + 2).
    expect(Math.abs(size * 17 - 1)).toBeLessThan(0.03);
  });

  test("crossover keeps the parents' mean where the bounds are far, and stays near them", () => {
    const draws = new Draws(2, 0);
    let inside = 0;
    for (let i = 0; i < 2000; i++) {
      const [x, y] = binaryCrossover(3, 5, [-1e6, 1e6], 10, draws);
      expect(x + y).toBeCloseTo(8, 6);
      if (Math.abs(x - y) < 2) inside++;
    }
    // Half of the children lie between their parents, half beyond.
    expect(Math.abs(inside / 2000 - 0.5)).toBeLessThan(0.04);
  });

  test("a direct genome is mutated at a tenth of its genes, and its parents stay", () => {
    const encoding = directEncoding(40, 50);
    const parent = encoding.random(new Draws(1, 0));
    const before = parent.slice();
    const [child] = encoding.breed(parent, parent, new Draws(1, 1));
    const changed = child.filter((gene, i) => gene !== parent[i]).length / child.length;
    expect(Math.abs(changed - 0.1)).toBeLessThan(0.02);
    expect(parent).toEqual(before);
    expect(child.every((gene) => gene >= 0 && gene <= 1)).toBe(true);
  });
});

describe("draws", () => {
  test("are uniform, and of each seed and stream their own", () => {
    const drawn = (seed: number, stream: number) => {
      const draws = new Draws(seed, stream);
      return Array.from({ length: 4000 }, () => draws.unit());
    };
    const mean = drawn(1, 2).reduce((a, b) => a + b, 0) / 4000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
    expect(drawn(1, 2)).toEqual(drawn(1, 2));
    expect(drawn(1, 2).slice(0, 4)).not.toEqual(drawn(1, 3).slice(0, 4));
    expect(drawn(1, 2).slice(0, 4)).not.toEqual(drawn(2, 2).slice(0, 4));
    expect(new Draws(1, 1).of([])).toBeUndefined();
  });
});

describe("niches", () => {
  test("hold each genome against every class, and only ever get better", () => {
    const niches = new Niches<string>(3);
    expect(niches.parent(new Draws(0, 0))).toBeUndefined();
    expect(niches.offer("a", [0.2, 0.5, 0.3], 0)).toBe(3);
    expect(niches.offer("b", [0.6, 0.5, 0.2], 1)).toBe(1);
    expect(niches.elites.map((elite) => elite?.genome)).toEqual(["b", "a", "a"]);
    expect(niches.elites[0]?.generation).toBe(1);
    expect(niches.above(0.5)).toBe(1);
    expect(niches.mean).toBeCloseTo((0.6 + 0.5 + 0.3) / 3);
  });
});
