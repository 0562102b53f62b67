import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { type ByteFile, byteFile, type DataFile, within } from "./bytes.ts";
import { classNamed } from "./classes.ts";
import { assertLength, type Decode, decodeInPage } from "./decode.ts";
import { beginsGzip } from "./idx-header.ts";
import { joined } from "./joined.ts";
import { PICTURES } from "./picture-files.ts";
import { unpacked } from "./records.ts";
import type { Source } from "./source.ts";
import { type SourceItem, type SourceParts, sourceOf } from "./source-of.ts";

export interface TarSourceOptions {
  /** Names of the classes, in the order of the numbers that label files hold. Without them the numbers are the names. */
  readonly classes?: readonly string[] | undefined;
  /** Default: the browser's decoder. */
  readonly decode?: Decode | undefined;
}

const TAR: Fields<TarSourceOptions> = { classes: "may", decode: "may" };

/**
 * The pictures of tar archives in WebDataset's form, compressed by gzip or not, read from their beginning to their end: files that follow
 * each other and have the same name up to its first dot are one sample. Its picture is a .jpg, .png or another that is known; its label
 * stands in a .cls file, in the field "label", "class" or "cls" of a .json, or in a .txt; without these it is the picture's folder. Samples
 * without a picture are passed over. The id of a picture is its name without the extension. A shard reads the whole archive, and
 * decodes its own pictures.
 * @throws InputError, while it is read, for an archive that is damaged, is cut short, or holds no picture.
 */
export function tarSource(files: DataFile | readonly DataFile[], options: TarSourceOptions = {}): Source {
  const list = Array.isArray(files) ? (files as readonly DataFile[]) : [files as DataFile];
  return sourceOf(
    joined(
      "tar",
      list.map((file) => tarParts(byteFile(file, "tarSource"), options)),
    ),
  );
}

export function tarParts(file: ByteFile, options: TarSourceOptions = {}): SourceParts {
  assertFields("tarSource", options, TAR);
  const { classes, decode = decodeInPage } = options;
  return {
    name: file.name,
    labels: classes,
    identity: () => ["tar", file.size, classes],
    async *items(signal): AsyncGenerator<SourceItem> {
      const who = `data set "${file.name}"`;
      let some = false;
      for await (const sample of samples(file, who, signal)) {
        const found = [...sample.files].filter(([extension]) => PICTURES.test(`.${extension}`));
        // "7.seg.png" beside "7.png" is something else about the same sample.
        const picture = found.find(([extension]) => !extension.includes(".")) ?? found[0];
        if (!picture) continue;
        some = true;
        const [extension, bytes] = picture;
        const label = labelIn(sample, classes);
        yield {
          id: sample.name,
          label: label instanceof Error ? undefined : label,
          async load() {
            if (label instanceof Error) throw label;
            return decode(bytes, `${sample.name}.${extension}`);
          },
        };
      }
      if (!some) throw new InputError(`${who}: expected samples with a picture, got none`);
    },
  };
}

/** Files of one name, by their extensions. */
interface Sample {
  readonly name: string;
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
}

/** What a sample's other files are called. */
const LABELS = ["cls", "json", "txt"];

async function* samples(file: ByteFile, who: string, signal: AbortSignal): AsyncGenerator<Sample> {
  let sample: Sample | undefined;
  for await (const { path, entry } of entries(file, who, signal)) {
    const [, name = "", extension = ""] = /^((?:.*\/)?[^/.]+)\.([^/]+)$/.exec(path) ?? [];
    if (name === "" || /(^|\/)(\.|__MACOSX\/)/.test(path)) {
      await entry.body.cancel();
      continue;
    }
    if (sample && sample.name !== name) yield sample;
    if (sample?.name !== name) sample = { name, files: new Map() };
    const kind = extension.toLowerCase();
    if (LABELS.includes(kind) || PICTURES.test(`.${kind}`))
      sample.files.set(kind, await contentOf(entry, who));
    else await entry.body.cancel();
  }
  if (sample) yield sample;
}

async function* entries(
  file: ByteFile,
  who: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly path: string; readonly entry: ParsedTarEntry }> {
  yield* within(file, async function* (open) {
    const packed = beginsGzip(await open.read(0, Math.min(2, file.size))) ? ("gzip" as const) : undefined;
    const bytes = unpacked(open, { from: 0, to: file.size, packed }, who, signal);
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await bytes.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    // Strict: an archive that is cut between two files is no whole one.
    const reader = stream.pipeThrough(createTarDecoder({ strict: true })).getReader();
    try {
      for (;;) {
        const { done, value: entry } = await reader.read();
        if (done) return;
        const path = entry.header.name.replace(/^(\.\/)+/, "");
        if (entry.header.type === "file") yield { path, entry };
        else await entry.body.cancel();
      }
    } catch (error) {
      throw damaged(error, who, signal);
    } finally {
      await reader.cancel().catch(() => {});
      await bytes.return(undefined);
    }
  });
}

function damaged(error: unknown, who: string, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof InputError) return error;
  return new InputError(`${who}: expected a tar archive that is whole, got ${(error as Error).message}`);
}

async function contentOf({ header, body }: ParsedTarEntry, who: string): Promise<Uint8Array<ArrayBuffer>> {
  const { name, size } = header;
  assertLength(size, name);
  const bytes = new Uint8Array(size);
  let at = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes.set(value, at);
    at += value.length;
  }
  if (at === size) return bytes;
  throw new InputError(`${who}: expected ${size} bytes of "${name}", got ${at}; the archive is cut short`);
}

/** The label of a sample, or the error that says why it cannot be read. */
function labelIn(
  { name, files }: Sample,
  classes: readonly string[] | undefined,
): string | undefined | Error {
  const text = (extension: string): string | undefined => {
    const bytes = files.get(extension);
    return bytes && new TextDecoder().decode(bytes).trim();
  };
  try {
    const json = files.has("cls") ? undefined : text("json");
    const given = text("cls") ?? (json === undefined ? undefined : fieldOf(json)) ?? text("txt");
    if (given === undefined) return /^(?:.*\/)?([^/]+)\/[^/]*$/.exec(name)?.[1];
    return /^-?\d+$/.test(given) ? classNamed(Number(given), classes, `sample "${name}"`) : given;
  } catch (error) {
    return new InputError(`sample "${name}": expected its label, got ${(error as Error).message}`);
  }
}

function fieldOf(json: string): string | undefined {
  const { label, class: className, cls }: Record<string, unknown> = JSON.parse(json);
  const given = label ?? className ?? cls;
  return typeof given === "string" || typeof given === "number" ? String(given) : undefined;
}
