import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ModelError } from "../../src/gpu/errors.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { modelFromFiles } from "../../src/models/picked-files.ts";
import { modelFromUrl } from "../../src/models/url.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { kerasLayer, modelOf, sequential } from "../models/fixtures.ts";

const MODEL = modelOf(
  sequential([kerasLayer("Dense", "dense", { units: 3 })]),
  [
    { name: "dense/kernel", shape: [2, 3] },
    { name: "dense/bias", shape: [3] },
  ],
  { cuts: [10] },
);
const PATHS = ["model.json", "shard1.bin", "shard2.bin"];

let folder: string;
let server: Server;
let address: string;
const requests: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-models-"));
  for (const path of PATHS) await writeFile(join(folder, path), new Uint8Array(await MODEL.read(path)));
  server = createServer(async (request, response) => {
    requests.push(request.url ?? "");
    const { pathname } = new URL(request.url ?? "", "http://host");
    const path = pathname.replace("/models/", "");
    if (!PATHS.includes(path)) response.writeHead(404, "Not Found").end();
    else response.end(new Uint8Array(await MODEL.read(path)));
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true });
});

test("one model comes alike from memory, disk, an address and dropped files", async () => {
  const expected = await loadLayersModel(MODEL);
  expect(await loadLayersModel(await modelFromDisk(folder))).toEqual(expected);
  expect(await loadLayersModel(await modelFromDisk(join(folder, "model.json")))).toEqual(expected);
  expect(await loadLayersModel(modelFromUrl(`${address}/models/`))).toEqual(expected);
  expect(await loadLayersModel(modelFromUrl(new URL(`${address}/models/model.json`)))).toEqual(expected);
  const files = await Promise.all(PATHS.map(async (path) => new File([await MODEL.read(path)], path)));
  expect(await loadLayersModel(modelFromFiles(files))).toEqual(expected);
  const renamed = files.map((file) => (file.name === "model.json" ? new File([file], "mine.json") : file));
  expect(await loadLayersModel(modelFromFiles(renamed))).toEqual(expected);
});

test("an address's query goes along to the shards", async () => {
  requests.length = 0;
  await loadLayersModel(modelFromUrl(`${address}/models/model.json?token=1`));
  expect(requests.sort()).toEqual(PATHS.map((path) => `/models/${path}?token=1`).sort());
});

test("files that are not there are named", async () => {
  await expect(modelFromDisk(join(folder, "none"))).rejects.toThrow(/got no such file$/);
  await mkdir(join(folder, "empty"), { recursive: true });
  await expect(modelFromDisk(join(folder, "empty"))).rejects.toThrow(
    /empty": expected one model \(model.json and its shards, .*got no files/,
  );
  await expect(loadLayersModel(modelFromUrl(`${address}/elsewhere/`))).rejects.toThrow(
    /model.json, got 404 Not Found/,
  );
  await expect(loadLayersModel(modelFromUrl("http://127.0.0.1:1/model.json"))).rejects.toThrow(ModelError);
  expect(() => modelFromUrl("model.json")).toThrow(/expected an absolute address, got "model.json"/);
  expect(() => modelFromFiles([])).toThrow(/expected one model .*got no files/);
  expect(() => modelFromFiles([new File([], "a.json"), new File([], "b.json")])).toThrow(ModelError);
  const manifest = new File([await MODEL.read("model.json")], "model.json");
  await expect(loadLayersModel(modelFromFiles([manifest]))).rejects.toThrow(
    /expected the file "shard1.bin", got model.json; drop it together/,
  );
});

test("a manifest on disk cannot reach outside its folder", async () => {
  const files = await modelFromDisk(folder);
  await expect(files.read("../secret.bin")).rejects.toThrow(/expected its files in its own folder/);
  await expect(files.read("/etc/hostname")).rejects.toThrow(ModelError);
});

test("a manifest on disk cannot reach outside its folder by a link", async () => {
  const secret = join(folder, "..", `${basename(folder)}-secret.bin`);
  await writeFile(secret, "secret");
  await symlink(secret, join(folder, "link.bin"));
  await symlink(dirname(folder), join(folder, "up"));
  const files = await modelFromDisk(folder);
  for (const path of ["link.bin", `up/${basename(secret)}`]) {
    await expect(files.read(path)).rejects.toThrow(/expected its files in its own folder/);
  }
  await symlink(join(folder, "shard1.bin"), join(folder, "inside.bin"));
  expect((await files.read("inside.bin")).byteLength).toBe(10);
  await rm(secret);
});

test("an address is no path, and its query stands in no message", async () => {
  await expect(modelFromDisk("https://example.org/m/model.json?token=x")).rejects.toThrow(
    /^model "https:\/\/example.org\/m\/model.json": expected a path, got an address; modelFromUrl fetches it$/,
  );
});

test("names that begin with two dots lie inside", async () => {
  const files = await modelFromDisk(folder);
  for (const name of ["..w.bin", "...", "..a/w.bin"]) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), name);
    expect(new TextDecoder().decode(await files.read(name))).toBe(name);
  }
});

test.runIf(process.platform !== "win32")("only regular files are read; a pipe does not block", async () => {
  execFileSync("mkfifo", [join(folder, "pipe.bin")]);
  const files = await modelFromDisk(folder);
  await expect(files.read("pipe.bin")).rejects.toThrow(/expected a regular file, got "pipe.bin", .* a pipe/);
  await mkdir(join(folder, "sub"), { recursive: true });
  await expect(files.read("sub")).rejects.toThrow(/expected a regular file, got "sub", .* a folder/);
  await expect(files.read("a\0b")).rejects.toThrow(ModelError);
  await expect(loadLayersModel(await modelFromDisk(join(folder, "pipe.bin")))).rejects.toThrow(/a pipe/);
});

test("a file on disk that is longer than it may be is not read", async () => {
  const files = await modelFromDisk(folder);
  await expect(files.read("shard1.bin", { most: 9 })).rejects.toThrow(
    /expected at most 9 bytes in "shard1.bin", got 10/,
  );
  expect(await files.size?.("shard1.bin")).toBe(10);
});

test("a model on disk is found by its address too", async () => {
  const url = pathToFileURL(join(folder, "model.json"));
  for (const where of [url, url.href]) {
    expect((await (await modelFromDisk(where)).read("shard1.bin")).byteLength).toBe(10);
  }
  await expect(modelFromDisk(new URL("https://example.org/model.json"))).rejects.toThrow(
    /begins with file:, .*modelFromUrl fetches others/,
  );
});
