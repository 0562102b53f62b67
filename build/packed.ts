import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { deflateSync } from "fflate";
import type { Plugin } from "vite";
import { RANGES } from "../src/figures/advances.ts";

/** Packages whose files stand in the library when it is built, so that nobody has to install them. */
export const PACKED_IN = [
  "@resvg/resvg-wasm",
  "@expo-google-fonts/inter",
  "@bufbuild/protobuf",
  "@jsquash/jpeg",
];

const SUFFIX = "?packed";
const PACKED = ".packed.js";

const CHARACTERS = RANGES.map(([from, to]) =>
  String.fromCodePoint(...Array.from({ length: to - from + 1 }, (_, i) => from + i)),
).join("");

/**
 * Vite plugin: `import font from "package/font.ttf?packed"` gives a file's bytes, deflated, in base64. So the rasteriser of
 * figures and its fonts are modules like others, which every bundler and every page can load lazily, without an address to be
 * found. A font keeps the characters that figures are lettered in.
 */
export function packed(): Plugin {
  const resolve = createRequire(import.meta.url).resolve;
  return {
    name: "vitrine:packed",
    enforce: "pre",
    resolveId: {
      filter: { id: /\?packed$/ },
      handler: (source) => `\0${source.slice(0, -SUFFIX.length)}${PACKED}`,
    },
    // The codec is handed its WebAssembly; its own address of it would be found, and the file taken in a second time.
    transform: {
      filter: { id: /@jsquash\/jpeg\/codec\/.*\.js$/ },
      handler: (code) => code.replace(/new URL\("\w+\.wasm",\s*import\.meta\.url\)\.href/g, '""'),
    },
    load: {
      filter: { id: /\.packed\.js$/ },
      async handler(id) {
        const file = id.slice(1, -PACKED.length);
        const bytes = await readFile(resolve(file));
        const kept = file.endsWith(".ttf") ? await subsetOf(bytes) : bytes;
        return `export default "${Buffer.from(deflateSync(kept, { level: 9 })).toString("base64")}";`;
      },
    },
  };
}

async function subsetOf(font: Buffer): Promise<Uint8Array> {
  const { default: subset } = await import("subset-font");
  // Names 16 and 17 make of the two weights one family.
  return subset(font, CHARACTERS, {
    targetFormat: "truetype",
    noLayoutClosure: true,
    preserveNameIds: [16, 17],
  });
}
