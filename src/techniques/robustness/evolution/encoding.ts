import type { Command } from "../../../gpu/command.ts";
import type { Scope } from "../../../gpu/scope.ts";
import type { PictureBatchSite } from "../../../kernels/evolved-pictures.ts";
import type { Draws } from "../../../sampling/draws.ts";

/** How pictures are written as genomes `G`: what evolution changes, and what the kernels draw. */
export interface Encoding<G> {
  /** A genome to begin with. */
  random(draws: Draws): G;
  /** Two children of two parents, mutated. Parents are left as they are. */
  breed(a: G, b: G, draws: Draws): readonly [G, G];
  /** Puts the drawing on a device. */
  createDrawing(device: GPUDevice, site: PictureBatchSite, scope: Scope): Promise<Drawing<G>>;
}

/** Pictures of genomes, drawn for a whole batch at once. */
export interface Drawing<G> {
  /** Uploads the genomes, from the batch's first. */
  write(genomes: readonly G[]): void;
  /** Draws the batch; what is beyond the last genome means nothing. */
  readonly draw: Command;
}
