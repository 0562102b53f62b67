import { InputError } from "../../../gpu/errors.ts";
import { createCppnBatch } from "../../../kernels/evolved-pictures.ts";
import { CPPN_WORDS, type CppnGenome, mutateCppn, programOf, randomCppn } from "./cppn-genome.ts";
import type { Encoding } from "./encoding.ts";

/**
 * Encoding by compositional pattern-producing networks: a picture is a small network from a pixel's place to its colour, and so is
 * regular. Children are mutated copies of their parents; the published code crosses networks no further.
 */
export const CPPN_ENCODING: Encoding<CppnGenome> = {
  random: randomCppn,
  breed: (a, b, draws) => [mutateCppn(a, draws), mutateCppn(b, draws)],
  async createDrawing(device, { y, ...site }, { tensor, command }) {
    const images = y.shape[0] ?? 1;
    // Outputs and nothing more: black pictures until genomes are written.
    const none = programOf({ functions: ["linear", "linear", "linear"], connections: [] });
    const data = new Uint32Array(images * CPPN_WORDS);
    for (let n = 0; n < images; n++) data.set(none, n * CPPN_WORDS);
    const programs = tensor([images, CPPN_WORDS], { dtype: "u32", data, label: "CPPN programs" });
    const draw = await command(createCppnBatch(device, { ...site, y, programs }));
    return {
      draw,
      write(genomes) {
        if (genomes.length > images) {
          throw new InputError(`CPPN encoding: expected up to ${images} genomes, got ${genomes.length}`);
        }
        const words = new Uint32Array(genomes.length * CPPN_WORDS);
        for (const [n, genome] of genomes.entries()) words.set(programOf(genome), n * CPPN_WORDS);
        device.queue.writeBuffer(programs.buffer, 0, words);
      },
    };
  },
};
