import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writeNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine } from "./run.ts";

const model = join(folder, "several");
const picture = join(folder, "picture.npy");
const meta = join(folder, "meta.npy");

/** The means of a picture's channels, with two numbers and one beside them: no weights. */
beforeAll(async () => {
  const of = (class_name: string, name: string, config: object, from: string[]) => ({
    class_name,
    name,
    config: { name, ...config },
    inbound_nodes: from.length > 0 ? [from.map((layer) => [layer, 0, 0, {}])] : [],
  });
  const layers = [
    of("InputLayer", "image", { batch_input_shape: [null, 4, 4, 3] }, []),
    of("InputLayer", "meta", { batch_input_shape: [null, 2] }, []),
    of("InputLayer", "age", { batch_input_shape: [null, 1] }, []),
    of("GlobalAveragePooling2D", "mean", {}, ["image"]),
    of("Concatenate", "all", { axis: -1 }, ["mean", "meta", "age"]),
  ];
  const ends = {
    input_layers: ["image", "meta", "age"].map((name) => [name, 0, 0]),
    output_layers: [["all", 0, 0]],
  };
  const modelTopology = {
    model_config: { class_name: "Functional", config: { name: "several", layers, ...ends } },
  };
  await mkdir(model, { recursive: true });
  await writeFile(
    join(model, "model.json"),
    JSON.stringify({ format: "layers-model", modelTopology, weightsManifest: [] }),
  );
  await writeNpy(picture, { data: Float32Array.from({ length: 48 }, (_, i) => i % 3), shape: [4, 4, 3] });
  await writeNpy(meta, { data: Float32Array.of(7, 8), shape: [2] });
});

test("layers lists the inputs with their shapes, and the outputs with their heads", async () => {
  const { out } = await vitrine(["layers", "--model", model]);
  expect(out).toMatch(/^input image: 4×4×3$/m);
  expect(out).toMatch(/^input meta: 2, given by --input$/m);
  expect(out).toMatch(/^input age: 1, given by --input$/m);
  expect(out).toMatch(/^output all: /m);
  expect((await json<{ inputs: object[] }>(["layers", "--model", model])).inputs).toHaveLength(3);
});

test("--input gives the values of the inputs beside the picture, from a file or in numbers", async () => {
  const given = ["--input", `meta=${meta}`, "--input", "age=9"];
  const run = ["predict", picture, "--model", model, "--head", "values", ...given];
  const { out } = await vitrine([...run, "--top", "6", "--json"]);
  const values = [...out.matchAll(/"value": ?(-?[\d.]+)/g)].map(([, value]) => Number(value));
  expect(values.toSorted()).toEqual([0, 1, 2, 7, 8, 9]);
  const map = join(folder, "map.npy");
  const explained = await vitrine([
    "explain",
    "saliency",
    "--image",
    picture,
    "--model",
    model,
    "--head",
    "values",
    "--target",
    "1",
    ...given,
    "--out",
    map,
  ]);
  expect([explained.code, explained.err]).toEqual([0, expect.any(String)]);
});

test("what is missing or unknown is said in the command line's words", async () => {
  const run = (...more: string[]) => vitrine(["predict", picture, "--model", model, ...more]);
  expect((await run()).err).toMatch(
    /expected the values of its inputs "meta" \(2\), "age" \(1\) as --input NAME=FILE or NAME=numbers, got none for/,
  );
  expect((await run("--input", "meta=1,2")).err).toMatch(/got none for "age"/);
  expect((await run("--input", "meta")).err).toMatch(/--input expects NAME=FILE or NAME=numbers, got "meta"/);
  expect((await run("--input", "age=1", "--input", "age=2")).err).toMatch(/gives "age" twice/);
});
