import type { PickedFile } from "../src/index.ts";

/** A file, and its path from the folder that was brought with it; its name where it came alone. */
export type Brought = Exclude<PickedFile, File>;

/** Takers of what people bring: pictures, the files of a model, or names of classes. */
export interface Incoming {
  picture(file: Blob, name: string): void;
  model(files: readonly Brought[]): void;
  /** Names of classes for the network that stands there. */
  labels(file: File): void;
  refuse(message: string): void;
}

/** Ends of the names of models: those that are read, and those that are refused with what to do. */
const MODEL_FILE = /\.(json|onnx|keras|h5|hdf5|zip|pb|pth?|safetensors|tflite|gz)$/i;

/** True if a file is a model's, by its name. */
export const isModel = ({ path }: Pick<Brought, "path">): boolean => MODEL_FILE.test(path);

/** True if a file that comes alone holds names of classes, by its name. */
const isLabels = ({ path }: Pick<Brought, "path">): boolean =>
  /\.(txt|names)$/i.test(path) ||
  (/\.json$/i.test(path) && /(label|class|categor|names|synset|metadata|config)[^/]*$/i.test(path));

/** Files as an input or the clipboard has them. */
export function broughtOf(files: Iterable<File>): Brought[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * Sorts files: names of classes alone are for the network that stands there; with the file of a model among them they are a
 * model; else the first picture is taken.
 */
export function sortFiles(files: readonly Brought[], incoming: Incoming): void {
  if (files.length === 0) return;
  const picture = files.find(({ file }) => file.type.startsWith("image/"));
  const [first] = files;
  if (first && files.length === 1 && isLabels(first)) incoming.labels(first.file);
  else if (files.some(isModel)) incoming.model(files);
  else if (picture) incoming.picture(picture.file, picture.file.name);
  else {
    const names = files.map(({ path }) => path).join(", ");
    incoming.refuse(
      `Expected a picture, or a model: model.json with its weight files, .onnx, .keras, .h5 or a .zip of one; or names of its classes, .txt or labels.json; got ${names}.`,
    );
  }
}

/** Every file of a drop, those in folders too, each with its path. */
export async function filesOf(data: Pick<DataTransfer, "items" | "files">): Promise<Brought[]> {
  const entries = [...data.items].flatMap((item) => {
    const entry = item.kind === "file" ? item.webkitGetAsEntry?.() : null;
    return entry ? [entry] : [];
  });
  if (entries.length === 0) return broughtOf(data.files);
  const found: Brought[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      );
      found.push({ path: entry.fullPath.replace(/^\//, ""), file });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) return;
      for (const inner of some) await walk(inner);
    }
  };
  for (const entry of entries) await walk(entry);
  return found;
}

/** Takes what is dropped or pasted anywhere on the page. */
export function listenForFiles(incoming: Incoming): void {
  let depth = 0;
  const over = (entered: number) => {
    depth = Math.max(0, depth + entered);
    document.body.classList.toggle("dropping", depth > 0);
  };
  addEventListener("dragenter", (event) => {
    event.preventDefault();
    over(1);
  });
  addEventListener("dragleave", () => over(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(0);
    if (!event.dataTransfer) return;
    void filesOf(event.dataTransfer).then(
      (files) => {
        if (files.length > 0) sortFiles(files, incoming);
        else incoming.refuse("There is no file in what was dropped; expected a picture, or a model’s files.");
      },
      (error: unknown) => incoming.refuse(`The drop could not be read: ${(error as Error).message}`),
    );
  });
  addEventListener("paste", (event) => {
    const files = broughtOf(event.clipboardData?.files ?? []);
    if (files.length > 0) {
      event.preventDefault();
      sortFiles(files, incoming);
    }
  });
}
