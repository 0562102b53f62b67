import { createReadStream } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { PictureAnswer, SurveyReport } from "../dataset/survey/report.ts";
import { InputError } from "../gpu/errors.ts";
import { headOfNpy } from "./npy.ts";
import { readRegular } from "./read.ts";
import { decodeSurvey, encodeSurvey, type SurveyFile } from "./survey-arrays.ts";
import { makeFolder, tryFolder, writeWhole } from "./write.ts";

const SURVEY = "survey.npz";
const PICTURES = "pictures.csv";
const COLUMNS = "index,id,label,answer,answer_label,probability,rank";
/** Room for the header of features, whose number of rows grows. */
const HEADER = 128;
/** The most bytes of a survey's file. */
const MOST = 2 ** 31;

/**
 * A folder that keeps a survey: `survey.npz`, what was found; `pictures.csv`, a line a picture; `features-LAYER.npy`, a row a picture.
 * `survey.npz` is written whole or not at all, and says how much of the other files belongs to it: a run that broke off goes on from the
 * last time it was written.
 */
export class SurveyFolder {
  readonly path: string;
  /** The survey that the folder holds, if it holds one. */
  readonly found: SurveyReport | undefined;
  readonly #features: readonly string[];
  #bytes: number;
  #pictures: number;
  #lines: string[] = [];
  #rows: Float32Array[][];
  #channels: number[] = [];

  private constructor(path: string, features: readonly string[], file: SurveyFile | undefined) {
    this.path = path;
    this.found = file?.report;
    this.#features = features;
    this.#bytes = file?.rows.bytes ?? 0;
    this.#pictures = file?.rows.pictures ?? 0;
    this.#rows = features.map(() => []);
  }

  /**
   * Opens a folder, which is made where there is none.
   * @param features the layers whose channel means are kept for each picture.
   * @throws InputError when it cannot be written, or holds a damaged survey.
   */
  static async open(path: string, features: readonly string[]): Promise<SurveyFolder> {
    await tryFolder(path);
    const there = await stat(join(path, SURVEY)).catch(() => undefined);
    return new SurveyFolder(path, features, there ? await readSurveyFile(path) : undefined);
  }

  /** Takes a picture's row; it is written with the next report. */
  add(picture: PictureAnswer): void {
    this.addRow(lineOf(picture), picture.features);
  }

  /** The same of a line of another survey's pictures.csv, and its features. */
  addRow(line: string, features: readonly Float32Array[]): void {
    this.#lines.push(line);
    for (const [n, values] of features.entries()) {
      this.#rows[n]?.push(values);
      this.#channels[n] = values.length;
    }
  }

  /** Writes the rows that were taken, and then what was found so far. @throws InputError when the disk is full. */
  async write(report: SurveyReport): Promise<void> {
    await this.flush();
    const rows = { bytes: this.#bytes, pictures: this.#pictures };
    await writeWhole(join(this.path, SURVEY), encodeSurvey({ report, rows }), "survey");
  }

  /** Writes the rows that were taken. They belong to the survey from the next `write` on. */
  async flush(): Promise<void> {
    await makeFolder(this.path);
    const head = this.#bytes === 0 ? `${COLUMNS}\n` : "";
    const bytes = Buffer.from(`${head}${this.#lines.map((line) => `${line}\n`).join("")}`);
    await this.#put(PICTURES, this.#bytes, bytes);
    const pictures = this.#pictures + this.#lines.length;
    for (const [n, layer] of this.#features.entries()) {
      const rows = this.#rows[n] ?? [];
      const channels = this.#channels[n];
      if (channels === undefined) continue;
      const values = new Float32Array(rows.length * channels);
      for (const [i, row] of rows.entries()) values.set(row, i * channels);
      const header = headOfNpy([pictures, channels], "<f4", HEADER);
      const at = HEADER + this.#pictures * channels * 4;
      await this.#put(featuresFile(layer), at, new Uint8Array(values.buffer), header);
    }
    this.#bytes += bytes.length;
    this.#pictures = pictures;
    this.#lines = [];
    this.#rows = this.#features.map(() => []);
  }

  /** Writes bytes at a place of a file, which ends behind them, and a head before. */
  async #put(name: string, at: number, bytes: Uint8Array, head?: Uint8Array): Promise<void> {
    const path = join(this.path, name);
    let file: FileHandle | undefined;
    try {
      const isNew = at === (head?.length ?? 0);
      file = await open(path, isNew ? "w" : "r+");
      await file.write(bytes, 0, bytes.length, at);
      if (head) await file.write(head, 0, head.length, 0);
      await file.truncate(at + bytes.length);
      await file.sync();
    } catch (error) {
      throw new InputError(`survey "${path}": expected to write it, got ${(error as Error).message}`);
    } finally {
      await file?.close();
    }
  }
}

/** The name of the file that holds a layer's features. */
export function featuresFile(layer: string): string {
  return `features-${layer.replace(/[^\w.-]+/g, "_")}.npy`;
}

/** The survey in a folder. @throws InputError when there is none, or it is damaged. */
export async function readSurvey(path: string): Promise<SurveyReport> {
  return (await readSurveyFile(path)).report;
}

async function readSurveyFile(path: string): Promise<SurveyFile> {
  const file = join(path, SURVEY);
  return decodeSurvey(await readRegular(file, `survey "${file}"`, MOST), file);
}

/** The folders of surveys in a folder: itself, or those within. @throws InputError when there are none. */
export async function surveysIn(path: string): Promise<string[]> {
  const is = async (folder: string) =>
    (await stat(join(folder, SURVEY)).catch(() => undefined))?.isFile() ?? false;
  if (await is(path)) return [path];
  const names = await readdir(path).catch((error: Error) => {
    throw new InputError(`survey "${path}": expected a folder, got ${error.message}`);
  });
  const found: string[] = [];
  for (const name of names.sort()) if (await is(join(path, name))) found.push(join(path, name));
  if (found.length === 0)
    throw new InputError(`survey "${path}": expected a survey, or surveys within, found none`);
  return found;
}

/** A row that a survey keeps of a picture. */
export interface PictureRow {
  /** The picture's number in the data set. */
  readonly index: number;
  /** Its line of pictures.csv. */
  readonly line: string;
  readonly features: readonly Float32Array[];
}

/** The rows of a survey's folder, in the order in which the pictures were seen. */
export async function* pictureRows(path: string): AsyncGenerator<PictureRow> {
  const { report, rows } = await readSurveyFile(path);
  if (rows.pictures === 0) return;
  const files = await Promise.all(
    report.settings.features.map(async (layer) => ({
      file: await open(join(path, featuresFile(layer))),
      channels: report.layers.find((own) => own.layer === layer)?.shape.at(-1) ?? 0,
    })),
  );
  // Lines come as soon as there is a reader: nothing may be waited for between the two.
  const input = createReadStream(join(path, PICTURES), { end: rows.bytes - 1 });
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    let row = -1;
    for await (const line of lines) {
      if (row >= 0) {
        const features: Float32Array[] = [];
        for (const { file, channels } of files) {
          const values = new Float32Array(channels);
          await file.read(values, 0, channels * 4, HEADER + row * channels * 4);
          features.push(values);
        }
        yield { index: Number.parseInt(line, 10), line, features };
      }
      row++;
    }
  } finally {
    lines.close();
    input.destroy();
    for (const { file } of files) await file.close();
  }
}

function lineOf({ index, id, label, given, rank }: PictureAnswer): string {
  return [index, id, label, given?.index, given?.label, given?.probability, rank].map(fieldOf).join(",");
}

/** A field of CSV (RFC 4180), without line breaks: a picture is a line. */
function fieldOf(value: number | string | undefined): string {
  const text = String(value ?? "").replace(/[\r\n]+/g, " ");
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
