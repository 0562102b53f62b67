import type { Draws } from "../../../sampling/draws.ts";

/** The best genome of a class so far. */
export interface Elite<G> {
  readonly genome: G;
  /** The class's probability, 0…1. */
  readonly probability: number;
  /** Generation in which it was born, from 0. */
  readonly generation: number;
}

/**
 * The archive of MAP-Elites (Mouret & Clune 2015, arXiv:1504.04909): one niche a class, with the genome that has the class's
 * highest probability. Every genome is held against every niche.
 */
export class Niches<G> {
  readonly #elites: (Elite<G> | undefined)[];

  constructor(count: number) {
    this.#elites = Array.from({ length: count });
  }

  /** The elite of each niche, in order. */
  get elites(): readonly (Elite<G> | undefined)[] {
    return this.#elites;
  }

  /**
   * Holds a genome against every niche.
   * @param probabilities one a niche.
   * @returns how many niches it took.
   */
  offer(genome: G, probabilities: readonly number[], generation: number): number {
    let taken = 0;
    for (const [niche, probability] of probabilities.entries()) {
      if (probability <= (this.#elites[niche]?.probability ?? -1)) continue;
      this.#elites[niche] = { genome, probability, generation };
      taken++;
    }
    return taken;
  }

  /** The genome of one niche, each as likely; undefined before the first offer. */
  parent(draws: Draws): G | undefined {
    return draws.of(this.#elites.filter((elite) => elite !== undefined))?.genome;
  }

  /** Number of niches whose probability is above a threshold. */
  above(confidence: number): number {
    return this.#elites.filter((elite) => elite !== undefined && elite.probability > confidence).length;
  }

  /** Mean probability of the niches. */
  get mean(): number {
    const sum = this.#elites.reduce((total, elite) => total + (elite?.probability ?? 0), 0);
    return sum / this.#elites.length;
  }
}
