import { InputError, ModelError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { type ModelFiles, tooLong, withoutSecrets } from "./files.ts";

/**
 * A model at an address: its manifest (`…/model.json`), or the folder that holds it when the address ends with a slash.
 * Relative addresses are resolved against the page.
 *
 * A query (`?token=…`) goes along to the shards of the same origin and to no other, and stands in no message. A shard may
 * lie in the manifest's folder or below, or at a full address of another origin, which is fetched as it is written.
 * @throws ModelError for an address that is not absolute outside a page, or that holds a user's name or password.
 * @example
 * ```ts
 * import { loadLayersModel, modelFromUrl } from "vitrine";
 *
 * const graph = await loadLayersModel(modelFromUrl("https://example.org/models/vitrine/"));
 * console.log(graph.name); // vitrine
 * ```
 */
export function modelFromUrl(url: string | URL): ModelFiles {
  if (typeof url !== "string" && typeof (url as Partial<URL> | null)?.href !== "string") {
    throw new InputError(`modelFromUrl: expected an address, got ${describe(url)}`);
  }
  const page = typeof document === "undefined" ? undefined : document.baseURI;
  if (!URL.canParse(String(url), page)) {
    throw new ModelError(
      `model: expected an absolute address, got "${withoutSecrets(String(url))}"; outside a page, begin with https://`,
    );
  }
  const base = new URL(url, page);
  const folder = base.pathname.endsWith("/");
  if (folder) base.pathname += "model.json";
  const name = withoutSecrets(base.href);
  if (base.username !== "" || base.password !== "") {
    throw new ModelError(
      `model "${name}": expected an address without a user's name and password, got one with them; fetch does not send them`,
    );
  }
  return {
    name,
    manifest: "",
    async read(path, { signal, most = Number.POSITIVE_INFINITY } = {}) {
      const address = path === "" ? base : shardAt(path, base, name);
      const where = withoutSecrets(address.href);
      try {
        const response = await fetch(address, signal ? { signal } : {});
        if (!response.ok) {
          await response.body?.cancel();
          throw new ModelError(
            `model "${name}": expected to fetch ${where}, got ${response.status} ${response.statusText}${path === "" && folder ? "; a folder's address stands for its model.json, give that of the model's file" : ""}`,
          );
        }
        return await bytesOf(response, most, (got) => tooLong(name, where, got, most));
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof ModelError) throw error;
        const got = (error as Error).message.replaceAll(address.href, where);
        throw new ModelError(
          `model "${name}": expected to fetch ${where}, got ${got}; is the server up, and does it allow requests from this page?`,
        );
      }
    },
  };
}

/** Address of a shard. */
function shardAt(path: string, base: URL, name: string): URL {
  if (!URL.canParse(path, base)) {
    throw new ModelError(`model "${name}": expected the path of a file, got "${withoutSecrets(path)}"`);
  }
  const address = new URL(path, base);
  if (address.protocol !== base.protocol || address.host !== base.host) {
    const web = address.protocol === "https:" || address.protocol === "http:";
    if (web && address.username === "" && address.password === "") return address;
    throw new ModelError(
      `model "${name}": expected a shard's address to begin with http:// or https:// and to hold no password, got "${withoutSecrets(path)}"`,
    );
  }
  const folder = base.pathname.slice(0, base.pathname.lastIndexOf("/") + 1);
  // A server may take an escaped slash for a slash.
  const climbs = /%2f|%5c/i.test(address.pathname) || address.username !== "" || address.password !== "";
  if (!address.pathname.startsWith(folder) || climbs) {
    throw new ModelError(
      `model "${name}": expected its files in its own folder, got "${withoutSecrets(path)}"`,
    );
  }
  if (address.search === "") address.search = base.search;
  return address;
}

/** A response's body, counted as it comes: a server's Content-Length may be missing, or that of compressed bytes. */
async function bytesOf(
  response: Response,
  most: number,
  tooMany: (got: number | "more") => ModelError,
): Promise<ArrayBuffer> {
  const declared = Number(response.headers.get("content-length") ?? 0);
  if (declared > most && !response.headers.has("content-encoding")) {
    await response.body?.cancel();
    throw tooMany(declared);
  }
  if (!response.body) return response.arrayBuffer();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.byteLength;
    if (length > most) {
      await reader.cancel();
      throw tooMany("more");
    }
    chunks.push(part.value);
  }
  return new Blob(chunks).arrayBuffer();
}
