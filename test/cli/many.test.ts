import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage } from "../../src/node/image.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { ATTRIBUTIONS } from "../../src/techniques/attribution/list.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, name);
const SIZE = 12;
let model: string;
let tanh: string;

beforeAll(async () => {
  model = await writeTinyModel("tiny-many");
  tanh = await writeTinyModel("tiny-many-tanh", "tanh");
  await writeNpy(at("m.npy"), {
    shape: [SIZE, SIZE, 3],
    data: Float32Array.from({ length: SIZE * SIZE * 3 }, (_, i) => Math.sin(i / 5) / 2 + 0.5),
  });
  await writeFile(at("commas.json"), '["cat, tabby", "dog, beagle", "dog, boxer"]');
});

const tiny = (...more: string[]) => [at("m.npy"), "--model", model, "--preprocess", "none", ...more];

interface Line {
  readonly technique: string;
  readonly target: Readonly<Record<string, number | string>>;
  readonly layer?: string;
  readonly max: number;
  readonly refused?: string;
  readonly trust?: Readonly<Record<string, { readonly area: number } | number>>;
}
interface Report {
  readonly results: Line[];
}

describe("explain --all", () => {
  test("asks every technique, says of each what it found, and sets them on one sheet", async () => {
    const args = [
      "explain",
      "--all",
      ...tiny("--samples", "8", "--measures", "none", "--out", at("all.png")),
    ];
    const { results } = await json<Report>(args);
    expect(results.map(({ technique }) => technique)).toEqual(ATTRIBUTIONS.map(({ name }) => name));
    expect(results.filter(({ refused }) => refused)).toEqual([]);
    expect(results.find(({ technique }) => technique === "rise")).toMatchObject({ samples: 8 });
    const one = await json<Line>(["explain", "grad-cam", ...tiny()]);
    expect(results.find(({ technique }) => technique === "grad-cam")?.max).toBe(one.max);
    const { width, height } = await readImage(at("all.png"));
    expect([width > 1000, height > 600]).toEqual([true, true]);
  });

  test("says in its place what is not defined for the network", async () => {
    const args = ["explain", "--all", at("m.npy"), "--model", tanh, "--preprocess", "none"];
    const { results } = await json<Report>([
      ...args,
      "--samples",
      "4",
      "--measures",
      "none",
      "--out",
      at("t.png"),
    ]);
    const refused = results.filter(({ refused }) => refused).map(({ technique }) => technique);
    expect(refused).toEqual(expect.arrayContaining(["local-linear", "guided-backprop", "deconvnet"]));
    expect(refused).not.toContain("saliency");
    expect((await readImage(at("t.png"))).width).toBeGreaterThan(1000);
  });

  test("explains neurons by all but those that know classes only", async () => {
    const { results } = await json<Report>([
      "explain",
      "--all",
      ...tiny("--layer", "conv2", "--channel", "1", "--samples", "4", "--measures", "none"),
    ]);
    expect(results.filter(({ refused }) => refused).map(({ technique }) => technique)).toEqual(["cam"]);
    expect(results[0]?.target).toMatchObject({ layer: "conv2", channel: 1 });
    expect(results.find(({ technique }) => technique === "grad-cam")?.layer).toBe("pool1");
  });
});

describe("several at once", () => {
  test("classes: the same numbers as one by one, in the order in which they were named", async () => {
    const { results } = await json<Report>([
      "explain",
      "occlusion",
      ...tiny("--target", "2,0", "--patch", "4"),
    ]);
    expect(results.map(({ target }) => target.index)).toEqual([2, 0]);
    for (const { target, max } of results) {
      const one = await json<Line>([
        "explain",
        "occlusion",
        ...tiny("--target", String(target.index), "--patch", "4"),
      ]);
      expect(max).toBe(one.max);
    }
  });

  test("a label may have a comma of its own", async () => {
    const labels = ["--labels", at("commas.json")];
    const one = await json<Line>(["explain", "saliency", ...tiny(...labels, "--target", "dog, beagle")]);
    expect(one.target).toMatchObject({ index: 1 });
    const { results } = await json<Report>([
      "explain",
      "saliency",
      ...tiny(...labels, "--target", "boxer,cat"),
    ]);
    expect(results.map(({ target }) => target.index)).toEqual([2, 0]);
  });

  test("layers of a CAM, and techniques by name", async () => {
    const { results } = await json<Report>([
      "explain",
      "grad-cam,layer-cam",
      ...tiny("--layer", "conv1,conv2", "--out", at("l.png")),
    ]);
    expect(results.map(({ technique, layer }) => `${technique} ${layer}`)).toEqual([
      "grad-cam conv1",
      "grad-cam conv2",
      "layer-cam conv1",
      "layer-cam conv2",
    ]);
    expect((await readImage(at("l.png"))).height).toBeGreaterThan(450);
  });
});

describe("trust", () => {
  test("stands beside one map, as numbers, in words and as JSON", async () => {
    const args = ["explain", "grad-cam", ...tiny("--target", "1", "--trust", "--batch", "8")];
    const { trust } = await json<Line>(args);
    expect(Object.keys(trust ?? {})).toEqual(
      expect.arrayContaining(["insertion", "deletion", "muFidelity", "sensitivity", "runnerUp", "words"]),
    );
    const { out } = await vitrine([...args.slice(0, -3), "--measures", "deletion,sensitivity"]);
    expect(out).toMatch(/deletion ↓ +sensitivity ↓/);
    expect(out).not.toMatch(/insertion ↑/);
  });

  test("is a table beneath several, each row as measured by itself", async () => {
    const measures = ["--measures", "deletion,runnerUp", "--batch", "8"];
    const { results } = await json<Report>([
      "explain",
      "saliency,grad-cam",
      ...tiny("--target", "1", ...measures, "--out", at("trust.png")),
    ]);
    const one = await json<Line>(["explain", "grad-cam", ...tiny("--target", "1", ...measures)]);
    expect(results[1]?.trust).toEqual(one.trust);
    await json(["explain", "saliency,grad-cam", ...tiny("--target", "1", "--out", at("bare.png"))]);
    const [with1, bare] = await Promise.all([readImage(at("trust.png")), readImage(at("bare.png"))]);
    expect(with1.height).toBeGreaterThan(bare.height + 80);
  });
});

describe("one figure's pictures and colours", () => {
  test("--show takes some of the pictures, --clip and --colors change the map's", async () => {
    const draw = async (...more: string[]) => {
      await json(["explain", "saliency", ...tiny("--out", at("f.png"), ...more)]);
      return readImage(at("f.png"));
    };
    const [all, map, clipped, colors] = [
      await draw(),
      await draw("--show", "map"),
      await draw("--show", "map", "--clip", "50"),
      await draw("--show", "map", "--colors", "cividis"),
    ];
    expect(map.width).toBeLessThan(all.width / 2 + 50);
    expect(clipped.data).not.toEqual(map.data);
    expect(colors.data).not.toEqual(map.data);
    // The numbers are the same, however they are shown.
    await json(["explain", "saliency", ...tiny("--out", at("f.npy"), "--clip", "50")]);
    await json(["explain", "saliency", ...tiny("--out", at("g.npy"))]);
    expect((await readNpy(at("f.npy"))).data).toEqual((await readNpy(at("g.npy"))).data);
  });
});

describe("mistakes", () => {
  test.each<[string, string[], RegExp]>([
    [
      "an unknown technique among several",
      ["grad-cam,rize"],
      /expects a technique .*got "rize"; did you mean rise\?/,
    ],
    [
      "an array of several maps",
      ["saliency", "--target", "0,1", "--out", "x.npy"],
      /expects a \.png or \.svg for several maps/,
    ],
    ["an unknown class among several", ["saliency", "--target", "0,7"], /class of 0 to 2, got 7/],
    ["a class twice", ["saliency", "--target", "1,1"], /names class "1" twice/],
    ["an unknown layer among several", ["grad-cam", "--layer", "conv1,conv9"], /got "conv9"/],
    [
      "layers for what weighs none",
      ["grad-cam,saliency", "--layer", "conv1,conv2"],
      /saliency weighs the maps of none/,
    ],
    [
      "everything at once",
      ["grad-cam,layer-cam", "--layer", "conv1,conv2", "--target", "0,1"],
      /two of the three/,
    ],
    [
      "an option of none of them",
      ["saliency,deconvnet", "--patch", "3"],
      /none of these techniques takes --patch/,
    ],
    ["a scale of one map", ["saliency", "--scale", "all"], /--scale expects several maps/],
    [
      "an unknown scale",
      ["saliency", "--target", "0,1", "--scale", "same"],
      /--scale expects own, row, column, all/,
    ],
    ["an unknown picture", ["saliency", "--show", "heat"], /--show expects image, overlay, map/],
    [
      "the image of several",
      ["saliency", "--target", "0,1", "--show", "image"],
      /overlay or map for several/,
    ],
    ["a percentile above 100", ["saliency", "--clip", "101"], /--clip expects a percentile/],
    [
      "an unknown colour map",
      ["saliency", "--colors", "rainbow"],
      /--colors expects inferno, .*jet, turbo, got "rainbow"/,
    ],
    ["an unknown measure", ["saliency", "--measures", "insertoin"], /did you mean insertion\?/],
    ["trust and none of it", ["saliency", "--trust", "--measures", "none"], /--trust or --measures none/],
  ])("%s", async (_, more, message) => {
    const [technique = "", ...rest] = more;
    const { code, out, err } = await vitrine(["explain", technique, ...tiny(...rest)]);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([1, ""]);
    expect(err.split("\n").filter((line) => line.startsWith("vitrine:"))).toHaveLength(1);
  });
});
