import { UnsupportedError } from "../gpu/errors.ts";

/** A format that people have models in and that Vitrine does not read. */
interface Format {
  readonly what: string;
  /** Ends of its files' names. */
  readonly ends: readonly string[];
  /** True if a file has the format, by its first bytes, each as a character. */
  readonly begins?: (head: string) => boolean;
  readonly remedy: string;
}

const FROM_KERAS =
  "in Python, load it with Keras and save it with tfjs.converters.save_keras_model(model, FOLDER) of the package tensorflowjs";
const FROM_TORCH =
  "export it to ONNX with torch.onnx.export, make a Keras model of that with onnx2tf, and save it with tfjs.converters.save_keras_model";

/** Offset of the name of a zip archive's first entry. */
const ZIP_HEAD = 30;
const isZip = (head: string) => head.startsWith("PK\x03\x04");

/** The likeliest first: a zip archive is many things. */
const FORMATS: readonly Format[] = [
  {
    what: "a Keras model in HDF5",
    ends: [".h5", ".hdf5"],
    begins: (head) => head.startsWith("\x89HDF\r\n"),
    remedy:
      "convert it with tensorflowjs_converter --input_format=keras --output_format=tfjs_layers_model FILE FOLDER",
  },
  {
    what: "a Keras 3 model",
    ends: [".keras"],
    begins: (head) =>
      isZip(head) && /^(metadata|config)\.json|^model\.weights\.h5/.test(head.slice(ZIP_HEAD)),
    remedy: FROM_KERAS,
  },
  {
    what: "a PyTorch model",
    ends: [".pt", ".pth"],
    begins: (head) =>
      (isZip(head) && /^[^/]*\/data\.pkl/.test(head.slice(ZIP_HEAD))) ||
      ["\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"].includes(head.slice(0, 2)),
    remedy: FROM_TORCH,
  },
  {
    what: "weights in safetensors, without the layers that they belong to",
    ends: [".safetensors"],
    begins: (head) => head.slice(4, 10) === '\0\0\0\0{"',
    remedy: `build the model and load them in Python; from PyTorch, ${FROM_TORCH}`,
  },
  {
    what: "a TensorFlow Lite model",
    ends: [".tflite"],
    begins: (head) => head.slice(4, 8) === "TFL3",
    remedy: `take the Keras model that it was made from: ${FROM_KERAS}`,
  },
  {
    what: "a TensorFlow SavedModel or frozen graph",
    ends: [".pb"],
    remedy: `take the Keras model that it was made from: ${FROM_KERAS}`,
  },
  {
    what: "an ONNX model",
    ends: [".onnx"],
    // A message that says its version first, then a text or a message.
    begins: (head) =>
      head.startsWith("\b") && head.charCodeAt(1) < 32 && '\x12\x1a"*2:'.includes(head.charAt(2)),
    remedy: "make a Keras model of it with onnx2tf, and save it with tfjs.converters.save_keras_model",
  },
  {
    what: "a file compressed by gzip",
    ends: [".gz", ".tgz"],
    begins: (head) => head.startsWith("\x1f\x8b"),
    remedy: "unpack it first",
  },
  { what: "a zip archive", ends: [".zip"], begins: isZip, remedy: "unpack it first" },
];

const refused = (who: string, { what, remedy }: Format) =>
  new UnsupportedError(
    `${who}: expected a tfjs LayersModel (model.json and its shards), got ${what}; ${remedy}`,
  );

/** @throws UnsupportedError for a file whose name says that it is a model of another format. */
export function assertNotNamedOtherwise(name: string, who: string): void {
  const format = FORMATS.find(({ ends }) => ends.some((end) => name.toLowerCase().endsWith(end)));
  if (format) throw refused(who, format);
}

/** @throws UnsupportedError for a file that begins like a model of another format. */
export function assertNotOtherwise(bytes: ArrayBuffer, who: string): void {
  const head = String.fromCharCode(...new Uint8Array(bytes, 0, Math.min(256, bytes.byteLength)));
  const format = FORMATS.find(({ begins }) => begins?.(head));
  if (format) throw refused(who, format);
}

/** Says that a manifest is that of a tfjs GraphModel. */
export function graphModelRefused(who: string): UnsupportedError {
  return new UnsupportedError(
    `${who}: expected a tfjs LayersModel, got a GraphModel, which has operations in place of layers; convert the Keras model that it was made from with --output_format=tfjs_layers_model`,
  );
}
