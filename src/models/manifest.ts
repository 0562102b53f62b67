import { ModelError } from "../gpu/errors.ts";
import { baseName, someOf } from "./files.ts";
import { assertReadable, isModelName, READ_FORMATS } from "./formats.ts";

/** The weights of a Keras 3 model, beside its config.json. */
export const KERAS_WEIGHTS = "model.weights.h5";

/** Folder of a path, with the slash at its end. */
export const folderOf = (path: string) => path.slice(0, path.length - baseName(path).length);

/**
 * The file among others that is the model, or that names the rest of it: `model.json`; else the only file in another format
 * that is read (net.onnx, net.keras, net.h5, net.zip); else the config.json of an unpacked .keras; else the only other .json; else the only
 * file whose name says nothing (net, net.bin).
 * @throws UnsupportedError for a model in a format that is not read.
 * @throws ModelError when there is none, or no saying which.
 */
export function manifestAmong(paths: readonly string[], who: string): string {
  const jsons = paths.filter((path) => path.toLowerCase().endsWith(".json"));
  const choices = [
    jsons.filter((path) => baseName(path) === "model.json"),
    paths.filter(isModelName),
    jsons.filter(
      (path) => baseName(path) === "config.json" && paths.includes(`${folderOf(path)}${KERAS_WEIGHTS}`),
    ),
    jsons.filter((path) => !NOT_A_MODEL.test(baseName(path))),
  ];
  const likely = choices.find((choice) => choice.length > 0);
  if (!likely) for (const path of paths) assertReadable(path, `model "${path}"`);
  const only = [jsons, paths.filter((path) => UNNAMED.test(baseName(path)))].find(
    ({ length }) => length === 1,
  );
  const [manifest, ...others] = likely ?? only ?? [];
  if (manifest === undefined || others.length > 0) {
    const got = someOf(manifest === undefined ? paths : [manifest, ...others], "no files");
    throw new ModelError(
      `${who}: expected one model (${READ_FORMATS}), got ${got}; ${manifest === undefined ? "bring the files of one model together" : "bring the files of one model, or name its file"}`,
    );
  }
  return manifest;
}

/** Files whose names do not say what they are. */
const UNNAMED = /^[^.]+(\.bin)?$/i;

/** Files of JSON that lie beside models: names of classes, settings of packages and of pictures. */
const NOT_A_MODEL = /^(metadata|config|package|preprocessor_config|.*(label|class|names|index).*)\.json$/i;
