import { ModelError } from "../gpu/errors.ts";

/** Where a model's files come from. Paths are those that the manifest writes, relative to the manifest. */
export interface ModelFiles {
  /** What people call the source in messages: an address, a folder, a file's name. */
  readonly name: string;
  /** Path of the manifest, as `read` takes it. */
  readonly manifest: string;
  /** One file's bytes. @throws ModelError when it is not there or cannot be read. */
  read(path: string, signal?: AbortSignal): Promise<ArrayBuffer>;
}

/** The last part of a path: "a/b.bin" → "b.bin". */
export function baseName(path: string): string {
  return path.replaceAll("\\", "/").split("/").at(-1) ?? path;
}

/**
 * A model at an address: its manifest (`…/model.json`), or the folder that holds it when the address ends with a slash.
 * A query (`?token=…`) goes along to the shards. Relative addresses are resolved against the page.
 */
export function modelFromUrl(url: string | URL): ModelFiles {
  const page = typeof document === "undefined" ? undefined : document.baseURI;
  let base: URL;
  try {
    base = new URL(url, page);
  } catch {
    throw new ModelError(
      `model: expected an absolute address, got "${url}"; outside a page, begin with https://`,
    );
  }
  if (base.pathname.endsWith("/")) base.pathname += "model.json";
  const name = base.href;
  return {
    name,
    manifest: "",
    async read(path, signal) {
      const address = path === "" ? new URL(base) : new URL(path, base);
      if (address.search === "") address.search = base.search;
      let response: Response;
      try {
        response = await fetch(address, signal ? { signal } : {});
      } catch (error) {
        signal?.throwIfAborted();
        throw new ModelError(
          `model "${name}": expected to fetch ${address.href}, got ${(error as Error).message}; is the server up, and does it allow requests from this page?`,
        );
      }
      if (!response.ok) {
        throw new ModelError(
          `model "${name}": expected to fetch ${address.href}, got ${response.status} ${response.statusText}`,
        );
      }
      return response.arrayBuffer();
    },
  };
}

/**
 * A model from files that a person picked or dropped: one manifest (`model.json`, or else the only .json file) and its
 * shards, which are matched by their base names.
 * @throws ModelError when there is no manifest or no saying which.
 */
export function modelFromFiles(files: readonly File[]): ModelFiles {
  const names = files.map((file) => file.name).join(", ") || "no files";
  const manifests = files.filter((file) => file.name.toLowerCase().endsWith(".json"));
  const named = manifests.filter((file) => baseName(file.name) === "model.json");
  const [manifest, ...others] = named.length > 0 ? named : manifests;
  if (!manifest || others.length > 0) {
    throw new ModelError(
      `model: expected model.json and its .bin shards together, got ${names}; drop the files of one model at once`,
    );
  }
  return {
    name: manifest.name,
    manifest: manifest.name,
    async read(path, signal) {
      signal?.throwIfAborted();
      const file = files.find((candidate) => baseName(candidate.name) === baseName(path));
      if (!file) {
        throw new ModelError(
          `model "${manifest.name}": expected the file "${baseName(path)}", got ${names}; drop it together with the manifest`,
        );
      }
      try {
        return await file.arrayBuffer();
      } catch (error) {
        throw new ModelError(
          `model "${manifest.name}": expected to read "${file.name}", got ${(error as Error).message}`,
        );
      }
    },
  };
}
