import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Pixels } from "../images/pixels.ts";
import { gridOf } from "../lab/atlas/picture-grid.ts";
import type {
  AtlasIndex,
  AtlasLayer,
  AtlasLayerFile,
  AtlasPatches,
  AtlasPicture,
  AtlasPictureKind,
  AtlasUnit,
  AtlasWall,
} from "../lab/atlas/site.ts";
import type { Patch } from "../lab/patches.ts";
import { writeWebp } from "./image.ts";
import { makeFolder, tryFolder, writeWhole } from "./write.ts";

/** Side of a picture that was made, and of a unit's patches, in pixels; and of what a wall shows of a unit. */
const [WANTED, PATCH, TILE] = [160, 72, 56];
/** Units in a row of a wall. */
const COLUMNS = 24;

/** A picture that was made for a unit. */
export interface WantedPicture {
  readonly pixels: Pixels;
  readonly caption: string;
}

/** What an atlas shows of a layer. */
export interface LayerPictures {
  /** For each unit the picture that it wants, where there is one. */
  readonly wanted?: readonly (WantedPicture | undefined)[] | undefined;
  readonly activation?: readonly (readonly Patch[])[] | undefined;
  readonly relevance?: readonly (readonly Patch[])[] | undefined;
}

/** The folder of an atlas: a page, its data in scripts that a page from a file may load, and pictures. */
export class AtlasFolder {
  readonly path: string;
  #bytes = 0;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws InputError when it cannot be written. */
  static async open(path: string): Promise<AtlasFolder> {
    await tryFolder(path);
    await makeFolder(join(path, "data"));
    await makeFolder(join(path, "pictures"));
    return new AtlasFolder(path);
  }

  /** Bytes that were written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes a layer's pictures and its units. @returns the layer for the index. */
  async writeLayer(
    layer: Omit<AtlasLayer, "file" | "walls">,
    units: readonly AtlasUnit[],
    pictures: LayerPictures,
  ): Promise<AtlasLayer> {
    const file = fileNameOf(layer.name);
    await makeFolder(join(this.path, "pictures", file));
    const drawn: AtlasUnit[] = [];
    for (const unit of units) {
      drawn.push({
        ...unit,
        wanted: await this.#wanted(file, unit.channel, pictures.wanted?.[unit.channel]),
        activation: await this.#patches(
          file,
          unit.channel,
          "activation",
          pictures.activation?.[unit.channel],
        ),
        relevance: await this.#patches(file, unit.channel, "relevance", pictures.relevance?.[unit.channel]),
      });
    }
    const walls: AtlasWall[] = [];
    const firsts: readonly [AtlasPictureKind, readonly (Pixels | undefined)[] | undefined][] = [
      ["wanted", pictures.wanted?.map((picture) => picture?.pixels)],
      ["activation", pictures.activation?.map(([best]) => best?.pixels)],
      ["relevance", pictures.relevance?.map(([best]) => best?.pixels)],
    ];
    for (const [kind, all] of firsts) {
      if (!all?.some(Boolean)) continue;
      const { columns, rows, pixels } = gridOf(all, TILE, COLUMNS);
      walls.push({ kind, columns, rows, file: await this.#picture(`${file}/${kind}`, pixels) });
    }
    const content: AtlasLayerFile = { layer: layer.name, units: drawn };
    await this.#script(file, `atlasLayer(${json(content)});`);
    return { ...layer, file, walls };
  }

  /** Writes the page and what it reads first: from then on the atlas is whole. */
  async finish(index: AtlasIndex): Promise<void> {
    await this.#script("index", `atlasIndex=${json(index)};`);
    const { default: page } = await import("../../atlas/page.html?whole");
    await this.#write("index.html", Buffer.from(page));
  }

  async #wanted(
    file: string,
    channel: number,
    picture: WantedPicture | undefined,
  ): Promise<AtlasPicture | undefined> {
    if (!picture) return undefined;
    const { pixels } = gridOf([picture.pixels], WANTED, 1);
    return { file: await this.#picture(`${file}/${channel}-wanted`, pixels), caption: picture.caption };
  }

  async #patches(
    file: string,
    channel: number,
    kind: AtlasPictureKind,
    patches: readonly Patch[] = [],
  ): Promise<AtlasPatches | undefined> {
    if (patches.length === 0) return undefined;
    const { columns, rows, pixels } = gridOf(
      patches.map((patch) => patch.pixels),
      PATCH,
      3,
    );
    return {
      file: await this.#picture(`${file}/${channel}-${kind}`, pixels),
      ...{ columns, rows },
      patches: patches.map(({ id, label, value }) => ({ id, label, value: figures(value) })),
    };
  }

  async #picture(name: string, pixels: Pixels): Promise<string> {
    const file = `pictures/${name}.webp`;
    await writeWebp(join(this.path, file), pixels);
    this.#bytes += (await stat(join(this.path, file))).size;
    return file;
  }

  async #script(name: string, code: string): Promise<void> {
    await this.#write(`data/${name}.js`, Buffer.from(code));
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    await writeWhole(join(this.path, name), bytes, "atlas");
    this.#bytes += bytes.length;
  }
}

/** A layer's name as a file's. Two names stay two: what is no letter or digit is written as its number. */
function fileNameOf(layer: string): string {
  return layer.replace(/[^\w.-]/g, (sign) => `~${sign.codePointAt(0)?.toString(16) ?? ""}`);
}

/** Plain data as a script's text; numbers in six figures. */
function json(value: unknown): string {
  const text = JSON.stringify(value, (_, own) => (typeof own === "number" ? figures(own) : own));
  return text.replaceAll("<", "\\u003c");
}

function figures(value: number): number {
  return Number(value.toPrecision(6));
}
