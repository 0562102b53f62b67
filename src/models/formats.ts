import { ModelError, UnsupportedError } from "../gpu/errors.ts";
import { isObject, type JsonObject, parseJson } from "./json.ts";

/** A format of model files that Vitrine reads. */
export type ModelFormat = "layers-model" | "graph-model" | "onnx" | "keras" | "hdf5" | "zip";

/** A format that people have models in. */
interface Format {
  readonly what: string;
  /** Ends of its files' names. */
  readonly ends: readonly string[];
  /** True if a file has the format, by its first bytes, each as a character. */
  readonly begins?: (head: string) => boolean;
  /** The format, where Vitrine reads it. */
  readonly format?: ModelFormat;
  /** What to do where it is not read. */
  readonly remedy: string;
}

const TO_ONNX = "export it to ONNX with torch.onnx.export(model, example, FILE)";
const FROM_KERAS = "in Python, load it with Keras and save it with model.save('model.keras')";
const LOAD_MODEL = "loadModel reads it";

/** Offset of the name of a zip archive's first entry. */
const ZIP_HEAD = 30;
const isZip = (head: string) => head.startsWith("PK\x03\x04");

/** The oldest version of ONNX's own format that is met; a SavedModel begins alike, with version 1. */
const ONNX_VERSIONS = { from: 3, below: 32 };

/** The likeliest first: a zip archive is many things. */
const FORMATS: readonly Format[] = [
  {
    what: "a Keras model in HDF5",
    ends: [".h5", ".hdf5"],
    begins: (head) => head.startsWith("\x89HDF\r\n"),
    format: "hdf5",
    remedy: LOAD_MODEL,
  },
  {
    what: "a PyTorch model",
    ends: [".pt", ".pth"],
    begins: (head) =>
      (isZip(head) && /^[^/]*\/(data\.pkl|archive\/data\.pkl)/.test(head.slice(ZIP_HEAD))) ||
      ["\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"].includes(head.slice(0, 2)),
    remedy: TO_ONNX,
  },
  {
    what: "a Keras model",
    ends: [".keras"],
    begins: (head) =>
      isZip(head) && /^(metadata|config)\.json|^model\.weights\.h5/.test(head.slice(ZIP_HEAD)),
    format: "zip",
    remedy: LOAD_MODEL,
  },
  {
    what: "weights in safetensors, without the layers that they belong to",
    ends: [".safetensors"],
    begins: (head) => head.slice(4, 10) === '\0\0\0\0{"',
    remedy: `build the model and load them in Python; from PyTorch, ${TO_ONNX}`,
  },
  {
    what: "a TensorFlow Lite model",
    ends: [".tflite"],
    begins: (head) => head.slice(4, 8) === "TFL3",
    remedy: `take the Keras model that it was made from: ${FROM_KERAS}`,
  },
  {
    what: "an ONNX model",
    ends: [".onnx"],
    // A message that says its version first, then a text or a message.
    begins: (head) =>
      head.startsWith("\b") &&
      head.charCodeAt(1) >= ONNX_VERSIONS.from &&
      head.charCodeAt(1) < ONNX_VERSIONS.below &&
      '\x12\x1a"*2:B'.includes(head.charAt(2)),
    format: "onnx",
    remedy: LOAD_MODEL,
  },
  {
    what: "a TensorFlow SavedModel or frozen graph",
    ends: [".pb"],
    remedy: `take the Keras model that it was made from: ${FROM_KERAS}; or convert it with tensorflowjs_converter`,
  },
  {
    what: "a file compressed by gzip",
    ends: [".gz", ".tgz"],
    begins: (head) => head.startsWith("\x1f\x8b"),
    remedy: "unpack it first",
  },
  { what: "a zip archive", ends: [".zip"], begins: isZip, format: "zip", remedy: LOAD_MODEL },
];

/** What a message says that a model may be. */
export const READ_FORMATS = "model.json and its shards, .onnx, .keras, .h5, or a .zip of one of these";

/** Bytes of a file that are looked at. */
const HEAD = 512;

const headOf = (bytes: ArrayBuffer) =>
  String.fromCharCode(...new Uint8Array(bytes, 0, Math.min(HEAD, bytes.byteLength)));

/** Files that are met in a model's place, by how they begin. */
const OTHERS: readonly (readonly [what: string, begins: RegExp])[] = [
  ["an empty file", /^$/],
  ["a page of HTML; is its address right?", /^\s*</],
  ["a pointer of Git LFS; fetch the file itself with git lfs pull", /^version https:\/\/git-lfs/],
  ["a picture", /^(\x89PNG|\xff\xd8\xff|GIF8|RIFF)/],
  ["a NumPy array", /^\x93NUMPY/],
  ["a tar archive; unpack it first", /^.{257}ustar/s],
];

/** What a file is that no model begins like; undefined for bytes that may be anything. */
function otherContent(head: string): string | undefined {
  const [what] = OTHERS.find(([, begins]) => begins.test(head)) ?? [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what binary files have and texts have not.
  const text = !/[\0-\x08\x0e-\x1f]/.test(head);
  return what ?? (text ? `"${head.slice(0, 16).trim()}"` : undefined);
}

const named = (name: string, { ends }: Format) => ends.some((end) => name.toLowerCase().endsWith(end));

const refused = (who: string, expected: string, { what, remedy }: Format) =>
  new UnsupportedError(`${who}: expected ${expected}, got ${what}; ${remedy}`);

const MODEL = `a model (${READ_FORMATS})`;

const HUGGING_FACE: Format = {
  what: "Hugging Face's configuration of one, without its layers",
  ends: [],
  remedy: "export it to ONNX with optimum-cli export onnx --model FOLDER OUT",
};

const LAYERS_MODEL = "a tfjs LayersModel (model.json and its shards)";

/**
 * The format of a model's file, told by its bytes; by its name only where the bytes say nothing.
 * @throws UnsupportedError for a format that is not read, with what to do. @throws ModelError for what is no model.
 */
export function formatOf(bytes: ArrayBuffer, name: string, who: string): ModelFormat {
  const head = headOf(bytes);
  const text = /^(\xef\xbb\xbf)?\s*\{/.test(head);
  const other = otherContent(head);
  const called = text ? undefined : FORMATS.find((one) => named(name, one));
  const known =
    FORMATS.find(({ begins }) => begins?.(head)) ?? (called?.format && other ? undefined : called);
  if (known?.format) return known.format;
  if (known) throw refused(who, MODEL, known);
  if (!text) throw new ModelError(`${who}: expected ${MODEL}, got ${other ?? `"${head.slice(0, 16)}"`}`);
  const manifest = parseJson(new TextDecoder().decode(bytes), who);
  if (isObject(manifest) && manifest.model_type !== undefined && manifest.modelTopology === undefined) {
    throw refused(who, MODEL, HUGGING_FACE);
  }
  return jsonFormatOf(manifest);
}

/** The format of a model whose file is JSON; what is none is left to the LayersModel's reader, which says what it lacks. */
function jsonFormatOf(value: unknown): ModelFormat {
  const manifest = isObject(value) ? value : {};
  if (isGraphModel(manifest)) return "graph-model";
  const { modelTopology, weightsManifest, class_name, config } = manifest;
  const keras = class_name !== undefined && config !== undefined;
  return keras && modelTopology === undefined && weightsManifest === undefined ? "keras" : "layers-model";
}

/** True if a file's name is that of a model in one file, or packed into one. */
export function isModelName(name: string): boolean {
  const weights = /\.weights\.h(df)?5$/i.test(name);
  return !weights && FORMATS.some((one) => one.format !== undefined && named(name, one));
}

/** @throws UnsupportedError for a file whose name says that it is a model of a format that is not read. */
export function assertReadable(name: string, who: string): void {
  const format = FORMATS.find((one) => named(name, one));
  if (format && !format.format) throw refused(who, MODEL, format);
}

/** @throws UnsupportedError for a file whose name says that it is no LayersModel. */
export function assertNotNamedOtherwise(name: string, who: string): void {
  const format = FORMATS.find((one) => named(name, one));
  if (format) throw refused(who, LAYERS_MODEL, format);
}

/** @throws UnsupportedError for a file that begins like another model than a LayersModel. */
export function assertNotOtherwise(bytes: ArrayBuffer, who: string): void {
  const head = headOf(bytes);
  const format = FORMATS.find(({ begins }) => begins?.(head));
  if (format) throw refused(who, LAYERS_MODEL, format);
}

/** True if a manifest is that of a tfjs GraphModel; old ones do not say so. */
export function isGraphModel({ format, modelTopology }: JsonObject): boolean {
  return format === "graph-model" || (isObject(modelTopology) && modelTopology.node !== undefined);
}

/** Says that a manifest is that of a tfjs GraphModel. */
export function graphModelRefused(who: string): UnsupportedError {
  return new UnsupportedError(
    `${who}: expected a tfjs LayersModel, got a GraphModel, which has operations in place of layers; loadGraphModel or loadModel reads it`,
  );
}
