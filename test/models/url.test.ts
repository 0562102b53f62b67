import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ModelError } from "../../src/gpu/errors.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { modelFromUrl } from "../../src/models/url.ts";
import { kerasLayer, sequential } from "./fixtures.ts";

const SECRET = "token=SECRET";
const TOPOLOGY = sequential([kerasLayer("Dense", "a", { units: 2, use_bias: false })], [1, 1, 2]);

/** Servers of two origins; both have w.bin of 16 bytes anywhere. */
const servers: Server[] = [];
const requests: string[] = [];
let [own, other] = ["", ""];
/** What the manifest says. */
let paths: readonly string[] = [];
/** What /long.bin sends. */
let long: Uint8Array;

async function serve(name: string): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://host");
    requests.push(`${name} ${request.url}`);
    if (pathname.endsWith("model.json")) {
      const weights = [{ name: "a/kernel", shape: [2, 2], dtype: "float32" }];
      response.end(JSON.stringify({ modelTopology: TOPOLOGY, weightsManifest: [{ paths, weights }] }));
    } else if (pathname.endsWith("long.bin")) {
      response.write(long.slice(0, 8));
      response.end(long.slice(8));
    } else if (pathname.endsWith("w.bin")) response.end(new Uint8Array(16));
    else response.writeHead(404, "Not Found").end();
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  own = await serve("own");
  other = await serve("other");
});

afterAll(async () => {
  for (const server of servers) await new Promise((done) => server.close(done));
});

beforeEach(() => {
  requests.length = 0;
});

const load = (...shards: string[]) => {
  paths = shards;
  return loadLayersModel(modelFromUrl(`${own}/m/model.json?${SECRET}`));
};

test.each([
  ["beside the manifest", () => "w.bin", `own /m/w.bin?${SECRET}`],
  ["below", () => "./sub/w.bin", `own /m/sub/w.bin?${SECRET}`],
  ["with a query of its own", () => "w.bin?sig=1", "own /m/w.bin?sig=1"],
  ["at its full address", () => `${own}/m/w.bin`, `own /m/w.bin?${SECRET}`],
  ["at another origin", () => `${other}/w.bin`, "other /w.bin"],
  ["at another origin, by its host", () => other.replace("http:", "").concat("/w.bin"), "other /w.bin"],
])("a shard %s is fetched, and the query goes to its own origin only", async (_, path, request) => {
  await load(path());
  expect(requests).toEqual([`own /m/model.json?${SECRET}`, request]);
});

test.each([
  ["above the folder", "../w.bin"],
  ["above it, by escapes", "%2e%2e/w.bin"],
  ["above it, by an escaped slash", "..%2fw.bin"],
  ["at the host's root", "/w.bin"],
  ["in a folder whose name begins alike", "../model/w.bin"],
  ["of no web address", "data:application/octet-stream;base64,AAAAAAAAAAAAAAAAAAAAAA=="],
  ["that is no path", "http://[/w.bin"],
  ["behind a password", "http://user:pass@127.0.0.1/w.bin"],
])("a shard %s is refused without a request", async (_, path) => {
  const loading = load(path);
  await expect(loading).rejects.toThrow(ModelError);
  await expect(loading).rejects.toThrow(/^(?!.*(SECRET|pass@))/s);
  expect(requests).toEqual([`own /m/model.json?${SECRET}`]);
});

test("secrets stand in no message", async () => {
  const messages = await Promise.all(
    [
      () => load("none.bin"),
      () => load("none.bin?sig=SECRET"),
      () => load("http://127.0.0.1:1/w.bin?sig=SECRET"),
      () => load("w.bin?sig=SECRET", "w.bin?sig=SECRET"),
      () => loadLayersModel(modelFromUrl(`http://127.0.0.1:1/m/?${SECRET}`)),
      async () => modelFromUrl(`model.json?${SECRET}`),
      async () => modelFromUrl(`http://user:SECRET@127.0.0.1/m/`),
      async () => modelFromUrl(`//user:SECRET@[/m/`),
    ].map((attempt) =>
      attempt().then(
        () => "no error",
        (error: Error) => (error instanceof ModelError ? error.message : String(error)),
      ),
    ),
  );
  for (const message of messages) {
    expect(message).toMatch(/^model.*expected/);
    expect(message).not.toContain("SECRET");
  }
});

test("a shard that is longer than the manifest says is not read to its end", async () => {
  long = new Uint8Array(2 ** 20);
  await expect(load("long.bin")).rejects.toThrow(/expected at most 16 bytes in ".*\/m\/long.bin", got more/);
});

test("a path that is named twice is fetched once", async () => {
  paths = ["w.bin"];
  const topology = sequential(
    [
      kerasLayer("Dense", "a", { units: 2, use_bias: false }),
      kerasLayer("Dense", "b", { units: 2, use_bias: false }),
    ],
    [1, 1, 2],
  );
  const group = (name: string) => ({ paths, weights: [{ name, shape: [2, 2], dtype: "float32" }] });
  const manifest = { modelTopology: topology, weightsManifest: [group("a/kernel"), group("b/kernel")] };
  const reads: string[] = [];
  const graph = await loadLayersModel({
    name: "twice",
    manifest: "model.json",
    async read(path) {
      reads.push(path);
      return path === "w.bin"
        ? Float32Array.of(1, 2, 3, 4).buffer
        : new TextEncoder().encode(JSON.stringify(manifest)).slice().buffer;
    },
  });
  expect(reads).toEqual(["model.json", "w.bin"]);
  expect(graph.layers.flatMap((layer) => (layer.op === "dense" ? [[...layer.w.data]] : []))).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
});
