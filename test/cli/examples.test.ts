import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands/list.ts";
import { shapesOf } from "../../src/graph/graph.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { writePng } from "../../src/node/image.ts";
import { writeNpy } from "../../src/node/npy.ts";
import { folder, vitrine, writePlacesModel, writeStyleModel } from "./run.ts";

const at = (name: string) => join(folder, "examples", name);
const SIZE = 16;

const EXAMPLES = COMMANDS.flatMap(({ name, examples }) => examples.map((line) => [name, line] as const));
/** What the examples call their own: files, and networks that people have. */
const FILES =
  /^(.*\.(jpg|npy|png|gif|json)|mobilenet|squeezenet(\/model\.json)?|\w+\/|pictures|photos|survey(ed)?|site|curves|found|merged|parts?(-[ab])?)$/;

const layer = (class_name: string, name: string, config: Record<string, unknown> = {}) => ({
  class_name,
  config: { name, ...config },
});

/** The classes of the shipped network. */
const SHIPPED_CLASSES =
  "ball box triangle star ring cross heart crescent gear flower stripes checker dots bricks waves spiral".split(
    " ",
  );

/** A small network with the layers that the examples name. */
async function writeStandIn(name: string, classes: number): Promise<void> {
  await mkdir(at(name), { recursive: true });
  const convolution = (own: string, filters: number, side: number, more: Record<string, unknown> = {}) =>
    layer("Conv2D", own, {
      ...{ filters, kernel_size: [side, side], strides: [1, 1], padding: "same", activation: "relu" },
      ...more,
    });
  const layers = [
    convolution("conv1", 4, 3, { batch_input_shape: [null, SIZE, SIZE, 3] }),
    convolution("conv2_2", 8, 3),
    layer("MaxPooling2D", "pool", { pool_size: [2, 2], strides: [2, 2], padding: "valid" }),
    convolution("conv3_3", 8, 3),
    convolution("fire2_squeeze1x1", 4, 1),
    convolution("fire5_concat", 13, 1),
    layer("GlobalAveragePooling2D", "gap"),
    layer("Dense", "logits", { units: classes, activation: "softmax" }),
  ];
  const weights = [
    ...[
      ["conv1", 3, 3, 4],
      ["conv2_2", 3, 4, 8],
      ["conv3_3", 3, 8, 8],
      ["fire2_squeeze1x1", 1, 8, 4],
      ["fire5_concat", 1, 4, 13],
    ].flatMap(([own, side, inputs, outputs]) => [
      { name: `${own}/kernel`, shape: [side, side, inputs, outputs] as number[] },
      { name: `${own}/bias`, shape: [outputs] as number[] },
    ]),
    { name: "logits/kernel", shape: [13, classes] },
    { name: "logits/bias", shape: [classes] },
  ];
  const count = weights.reduce((sum, { shape }) => sum + shape.reduce((size, axis) => size * axis, 1), 0);
  await writeFile(
    join(at(name), "weights.bin"),
    Float32Array.from({ length: count }, (_, i) => Math.sin(7 * i + 1) / 2),
  );
  const labels = name === "shipped" ? SHIPPED_CLASSES : undefined;
  const manifest = {
    format: "layers-model",
    ...(labels ? { userDefinedMetadata: { labels } } : {}),
    modelTopology: { model_config: { class_name: "Sequential", config: { name: "stand-in", layers } } },
    weightsManifest: [
      { paths: ["weights.bin"], weights: weights.map((weight) => ({ ...weight, dtype: "float32" })) },
    ],
  };
  await writeFile(join(at(name), "model.json"), JSON.stringify(manifest));
}

beforeAll(async () => {
  await mkdir(at("maps"), { recursive: true });
  await mkdir(at("frames"), { recursive: true });
  await mkdir(at("photos"), { recursive: true });
  for (const name of ["mobilenet", "squeezenet", "shipped"])
    await writeStandIn(name, name === "shipped" ? 16 : 3);
  // As large as the examples' places ask.
  await writePlacesModel("examples/segmentation", [128, 96], ["road", "car", "sky"]);
  await writeStyleModel("examples/style");
  await writeFile(at("imagenet.json"), '{"0": ["n1", "tabby"], "1": ["n2", "beagle"], "2": ["n3", "tench"]}');
  for (const [i, name] of [
    "a.jpg",
    "b.jpg",
    "c.jpg",
    "dog.jpg",
    "photo.jpg",
    "street.jpg",
    "bricks.png",
    "frames/1.png",
    "photos/1.png",
    "photos/2.png",
  ].entries()) {
    const data = Uint8Array.from({ length: 20 * SIZE * 3 }, (_, j) => (j * (31 + i)) % 256);
    await writePng(at(name), { width: 20, height: SIZE, data });
  }
  const data = Float32Array.from({ length: SIZE * SIZE * 3 }, (_, i) => Math.sin(i / 7));
  await writeNpy(at("x.npy"), { shape: [SIZE, SIZE, 3], data });
  const ofOther = ["survey", "--data", at("photos"), "--model", at("squeezenet"), "--correlation"];
  await vitrine([...ofOther, "--out", at("surveyed")]);
  const survey = ["survey", "--data", at("photos"), "--model", at("shipped"), "--layers", "conv1"];
  for (const out of ["parts", "part-a", "part-b"]) {
    for (const shard of out === "part-a" ? ["0/2"] : out === "part-b" ? ["1/2"] : ["0/2", "1/2"]) {
      await vitrine([...survey, "--shard", shard, "--out", at(out)]);
    }
  }
});

/** An example's arguments, on stand-ins for what it names; of many pictures a few. */
function argumentsOf(line: string): string[] {
  const [, ...words] = line.match(/'[^']*'|\S+/g) ?? [];
  const args = words
    .map((word) => word.replace(/^'(.*)'$/, "$1"))
    .map((word, i) => (i > 0 && FILES.test(word) ? at(word) : word));
  const few = args.map((word, i) =>
    args[i - 1] === "--count" ||
    (args[i - 1] === "--steps" && ["atlas", "visualize"].includes(words[0] ?? ""))
      ? String(Math.min(8, Number(word)))
      : args[i - 1] === "--dataset"
        ? "2"
        : word,
  );
  const takesModel =
    !["corrupt", "dataset", "merge", "redundancy", "spectrum", "stylize", "techniques", "texture"].includes(
      words[0] ?? "",
    ) && !words.includes("--model");
  const ofManySamples = words[0] !== "corrupt" && words.includes("--all") && !words.includes("--samples");
  return [
    ...few,
    ...(takesModel ? ["--model", at("shipped")] : []),
    ...(ofManySamples ? ["--samples", "8"] : []),
  ];
}

describe("the examples of --help run:", () => {
  test.each(EXAMPLES)("%s: %s", async (_, line) => {
    const { code, out, err } = await vitrine(argumentsOf(line));
    expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
    if (line.includes("--json")) JSON.parse(out);
  });

  test("and name layers that the shipped network has, where they name no other", async () => {
    const graph = await loadLayersModel(await modelFromDisk("models/vitrine"));
    const named = EXAMPLES.filter(([, line]) => !line.includes("--model")).flatMap(
      ([, line]) => / --layer (\S+)/.exec(line)?.[1]?.split(",") ?? [],
    );
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((layer) => !shapesOf(graph).has(layer))).toEqual([]);
  });

  test("and write into a folder of the tests", () => {
    const written = EXAMPLES.map(([, line]) => argumentsOf(line)).flatMap((args) =>
      args.filter((_, i) => args[i - 1] === "--out"),
    );
    expect(written.length).toBeGreaterThan(10);
    expect(written.filter((path) => !path.startsWith(folder))).toEqual([]);
  });

  test("and every command has one", () => {
    expect(COMMANDS.filter(({ examples }) => examples.length === 0)).toEqual([]);
  });
});
