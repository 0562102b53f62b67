import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "../../src/images/png.ts";
import { readImage } from "../../src/node/image.ts";
import { encodeNpy } from "../../src/node/npy.ts";
import { folder, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, name);
let model: string;
beforeAll(async () => {
  model = await writeTinyModel("tiny-process");
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Way {
  readonly script?: string;
  /** Where standard output goes; default: read here. */
  readonly stdout?: number;
  /** What standard input holds; default: nothing. */
  readonly input?: Uint8Array;
  /** Variables beside those that this process has. */
  readonly env?: Readonly<Record<string, string>>;
  /** What standard error must have said before SIGINT is sent. */
  readonly stopAt?: RegExp;
}

/** A process of its own, as the shell starts one. */
function run(
  args: readonly string[],
  { script = "test/cli/watched.ts", stdout, input, env, stopAt }: Way = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["build/run.mjs", script, ...args], {
      stdio: ["pipe", stdout ?? "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    child.stdin?.end(input);
    let [out, err, sent] = ["", "", false];
    child.stdout?.on("data", (text) => {
      out += text;
    });
    child.stderr?.on("data", (text) => {
      err += text;
      if (sent || !stopAt?.test(err)) return;
      sent = true;
      child.kill("SIGINT");
    });
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

/** Minutes of work on any adapter. */
const LONG = ["explain", "rise", "--image", "synthetic:3", "--samples", "16000000"];

describe("Ctrl-C", () => {
  test.each(["test/cli/watched.ts", "src/cli/main.ts"])("stops long work with 130, by %s", async (script) => {
    await writeFile(at("old.npy"), "old");
    const { code, out, err } = await run([...LONG, "--out", at("old.npy")], { script, stopAt: /…/ });
    expect([code, out]).toEqual([130, ""]);
    expect(err).toMatch(/^vitrine: stopped$/m);
    expect((await stat(at("old.npy"))).size).toBe(3);
  });

  test("stops a process that hears nothing, too", async () => {
    const { code, err } = await run([], { script: "test/cli/watched-deaf.ts", stopAt: /deaf/ });
    expect(code).toBe(130);
    expect(err).toMatch(/^vitrine: stopped$/m);
  });
});

describe("standard output", () => {
  test("that cannot be written is one line and exit code 1", async ({ skip }) => {
    const full = await stat("/dev/full").catch(() => undefined);
    skip(!full, "there is no /dev/full here");
    const { code, err } = await run(["layers", "--model", model], { stdout: openSync("/dev/full", "w") });
    expect(code).toBe(1);
    expect(err.split("\n").filter((line) => !line.endsWith("…"))).toEqual([
      expect.stringMatching(/^vitrine: standard output: expected to write to it, got ENOSPC/),
      "",
    ]);
  });

  test("has the result, and standard error nothing of the driver's", async () => {
    const { code, out, err } = await run(["predict", "--image", "synthetic:3", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toHaveProperty("results");
    expect(err).not.toMatch(/maxDynamic/);
  });
});

test("a machine without a driver is told so in one line", async () => {
  const { code, err } = await run(["predict", "--image", "synthetic:3", "--model", model], {
    env: { VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent" },
  });
  expect(code).toBe(2);
  expect(err.split("\n").filter((line) => !line.endsWith("…"))).toEqual([
    expect.stringMatching(/^vitrine: expected a GPU adapter, got none; install/),
    "",
  ]);
});

test("- is standard input: a picture, or an array", async () => {
  const pixels = { width: 12, height: 12, data: Uint8Array.from({ length: 432 }, (_, i) => (i * 7) % 256) };
  const array = new Uint8Array(encodeNpy({ shape: [12, 12, 3], data: Float32Array.from(pixels.data) }));
  const told = [];
  for (const input of [await encodePng(pixels), array]) {
    const args = ["predict", "-", "--model", model, "--preprocess", "none", "--json"];
    const { code, out } = await run(args, { input });
    expect(code).toBe(0);
    told.push((JSON.parse(out) as { results: { image: string; predictions: unknown }[] }).results[0]);
  }
  expect(told[0]?.image).toBe("-");
  expect(told[1]?.predictions).toEqual(told[0]?.predictions);
});

test("a picture is written whole", async () => {
  const { code } = await run(["dataset", "--size", "24", "--out", at("whole.png")]);
  expect(code).toBe(0);
  expect(await readImage(at("whole.png"))).toMatchObject({ width: 24, height: 24 });
});
