import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { modelFromFiles, type PickedFile } from "../../src/models/picked-files.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { readNpy } from "../../src/node/npy.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { json, vitrine } from "../cli/run.ts";
import { testDevice } from "../gpu.ts";

/** Files as users have them, and as nobody means well; not part of this project. */
const cases = fileURLToPath(new URL("../../../shared/cases/", import.meta.url));

// The right values are those in each case's expected.json, computed by tfjs on the CPU.
describe.skipIf(!existsSync(cases))("shared/cases", () => {
  const read = (path: string) => readFileSync(`${cases}${path}`);

  describe("shards-one-base-name", () => {
    const name = "shards-one-base-name";
    const files = ["model.json", "c1/weights.bin", "c2/weights.bin"].map((path) => ({
      path,
      file: new File([new Uint8Array(read(`${name}/${path}`))], path.split("/").at(-1) ?? path),
    }));
    const load = (picked: readonly PickedFile[]) => loadLayersModel(modelFromFiles(picked));

    test("with their paths, dropped files give what the disk gives", async () => {
      const graph = await load(files);
      const { data } = await readNpy(`${cases}${name}/x.npy`);
      using network = await createNetwork(await testDevice(), graph, { keep: ["g"], gradients: false });
      const { data: found } = await activations(network, data, { layer: "g" });
      const { output } = JSON.parse(read(`${name}/expected.json`).toString());
      for (const [i, value] of output.entries()) expect(found[i]).toBeCloseTo(value, 5);
    });

    test("without paths they are refused", async () => {
      await expect(load(files.map(({ file }) => file))).rejects.toThrow(/pick or drop the whole folder/);
    });
  });

  test("bilinear-made-in-tfjs: tfjs's values", async () => {
    const path = `${cases}bilinear-made-in-tfjs`;
    const { results } = await json<{
      results: { predictions: { index: number; logit?: number; value?: number }[] }[];
    }>(["predict", "--model", path, "--image", `${path}/x.npy`]);
    const { tfjsLayers } = JSON.parse(read("bilinear-made-in-tfjs/expected.json").toString());
    const predictions = results[0]?.predictions ?? [];
    expect(predictions).toHaveLength(3);
    for (const { index, value, logit } of predictions)
      expect(value ?? logit).toBeCloseTo(tfjsLayers[index], 4);
  });

  test.each<[name: string, message: RegExp]>([
    ["activation-prototype-name", /layer "a" \(Conv2D\): expected an activation of .*, got "constructor"/],
    ["deep-json", /expected JSON that is nested at most 256 deep/],
    ["model-config-text", /model_config: expected JSON, got "nope"/],
    ["nested-bomb", /expected at most 20000 layers, nested models counted at each call, got 50331647/],
  ])("hostile/%s is refused in one line, with exit code 1", async (name, message) => {
    const { code, out, err } = await vitrine(["layers", "--model", `${cases}hostile/${name}`]);
    expect([code, out, err.split("\n")]).toEqual([1, "", [expect.stringMatching(message)]]);
  });

  test("hostile/terminal-escapes prints no control character", async () => {
    const { code, out } = await vitrine(["layers", "--model", `${cases}hostile/terminal-escapes`]);
    expect(code).toBe(0);
    expect(out).toContain("PWNED");
    expect(out.replaceAll("\n", "")).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });

  test.skipIf(process.platform === "win32")(
    "hostile/fifo-shard: a pipe is refused, not waited for",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "vitrine-pipe-"));
      await cp(`${cases}hostile/activation-prototype-name/model.json`, join(folder, "model.json"));
      execFileSync("mkfifo", [join(folder, "w.bin")]);
      const { code, err } = await vitrine(["layers", "--model", folder]);
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(/expected a regular file, got "w.bin", .* a pipe/),
      ]);
      await rm(folder, { recursive: true });
    },
  );
});
