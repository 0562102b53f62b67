import { isModel } from "./incoming-files.ts";

/** Names that exporters and people give to every model. */
const ANYONES =
  /^(torch[_-]jit([_-]export)?|main_graph|main|graph|tf2onnx|model|keras_model|functional(_\d+)?|sequential(_\d+)?|model from paddlepaddle\.?)$/i;

/** A network's name: its own, or where that is anyone's, that of its file, or of its folder. */
export function modelName(own: string, paths: readonly string[]): string {
  if (!ANYONES.test(own)) return own;
  const path = paths.filter((one) => isModel({ path: one })).sort((a, b) => a.length - b.length)[0] ?? "";
  const parts = path
    .split("/")
    .map((part, index, all) => (index === all.length - 1 ? part.replace(/\.\w+$/, "") : part));
  return parts.findLast((part) => part !== "" && !ANYONES.test(part)) ?? own;
}
