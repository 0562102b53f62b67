import type { AtlasIndex, AtlasLayer, AtlasLayerFile, AtlasUnit } from "../src/lab/atlas/site.ts";

declare global {
  interface Window {
    /** What data/index.js holds. */
    atlasIndex?: AtlasIndex;
    /** Takes what the file of a layer holds. */
    atlasLayer?: (file: AtlasLayerFile) => void;
  }
}

const found = new Map<string, readonly AtlasUnit[]>();

window.atlasLayer = ({ layer, units }) => found.set(layer, units);

/** @throws Error where the page stands without its data. */
export function atlasIndex(): AtlasIndex {
  if (!window.atlasIndex) {
    throw new Error("expected data/index.js beside the page, got none; copy the whole folder");
  }
  return window.atlasIndex;
}

/** The units of a layer. A page that is opened from a file may not fetch, but it may load a script. */
export function unitsOf(layer: AtlasLayer): Promise<readonly AtlasUnit[]> {
  const known = found.get(layer.name);
  if (known) return Promise.resolve(known);
  const script = document.createElement("script");
  script.src = `data/${layer.file}.js`;
  return new Promise((resolve, reject) => {
    script.onload = () => {
      script.remove();
      const units = found.get(layer.name);
      if (units) resolve(units);
      else reject(new Error(`expected the units of ${layer.name} in ${script.src}, got none`));
    };
    script.onerror = () => {
      script.remove();
      reject(new Error(`expected the file data/${layer.file}.js beside the page, got none`));
    };
    document.head.append(script);
  });
}
