import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { main } from "../../bench/main.ts";
import { parseOptions } from "../../bench/options.ts";
import { chosen, SUITE, unmatched } from "../../bench/suite.ts";

describe("options", () => {
  test("have defaults: everything, in Chrome, at the sizes that suit", () => {
    expect(parseOptions([])).toEqual({
      help: false,
      list: false,
      filter: [],
      host: "chrome",
      sizes: "auto",
      onnx: [],
      outputs: {},
      threshold: 0.15,
    });
  });

  test("are all read", () => {
    const options = parseOptions(
      "gram --filter conv,,relu --host node --adapter software --sizes small --onnx net.onnx,nets --seconds 0.5 --json a --csv b --markdown - --html d --baseline e --threshold 0 --keep f".split(
        " ",
      ),
    );
    expect(options).toEqual({
      help: false,
      list: false,
      filter: ["conv", "relu", "gram"],
      host: "node",
      adapter: "software",
      sizes: "small",
      onnx: ["net.onnx", "nets"],
      effort: { milliseconds: 500, fewest: 5, most: 25 },
      outputs: { json: "a", csv: "b", markdown: "-", html: "d" },
      baseline: "e",
      threshold: 0,
      keep: "f",
    });
  });

  test.each([
    ["--host firefox", /--host: expected chrome, node, got "firefox"/],
    ["--sizes huge", /--sizes: expected auto, real, small, got "huge"/],
    ["--adapter best", /--adapter: expected high-performance, low-power, software, got "best"/],
    ["--onnx net.onnx", /--onnx: expected --host node, which reads files, got "chrome"/],
    ["--seconds soon", /--seconds: expected a number of at least 0, got "soon"/],
    ["--seconds=-1", /--seconds: expected a number/],
    ["--threshold NaN", /--threshold: expected a number/],
    ["--threshold=", /--threshold: expected a number/],
    ["--fliter gram", /'--fliter'/],
    ["--json", /--json/],
  ])("that are wrong are refused: %s", (args, message) => {
    expect(() => parseOptions(args.split(" "))).toThrow(message);
  });
});

describe("the command", () => {
  const printed: string[] = [];
  beforeEach(() => {
    printed.length = 0;
    for (const method of ["log", "error"] as const) {
      vi.spyOn(console, method).mockImplementation((text: unknown) => void printed.push(String(text)));
    }
  });
  afterEach(() => void vi.restoreAllMocks());

  test("exits with 2 for bad options and for words that name no case", async () => {
    expect(await main(["--host", "firefox"])).toBe(2);
    expect(printed[0]).toContain('bench: --host: expected chrome, node, got "firefox"');
    expect(await main(["no-such-case"])).toBe(2);
    expect(printed[1]).toContain("--list");
    expect(await main(["--host", "node", "--onnx", "no-such-folder"])).toBe(2);
    expect(printed[2]).toContain("--onnx: expected a file or folder, got no-such-folder");
    expect(await main(["--host", "node", "--onnx", "bench/report"])).toBe(2);
    expect(printed[3]).toContain("--onnx: expected ONNX files, got none in bench/report");
  });

  test("explains itself, and lists every case with its sizes", async () => {
    expect(await main(["--help"])).toBe(0);
    for (const option of ["--filter", "--baseline", "--keep", "--host"]) expect(printed[0]).toContain(option);
    printed.length = 0;
    expect(await main(["--list"])).toBe(0);
    expect(printed).toHaveLength(SUITE.length);
    expect(printed.find((line) => line.startsWith("gram/batch"))).toContain("4 × 784 pixels, 128 channels");
  });
});

describe("the suite", () => {
  test("names every case once", () => {
    expect(new Set(SUITE.map(({ id }) => id)).size).toBe(SUITE.length);
    for (const { id, tasks } of SUITE) {
      expect(id).toMatch(/^[a-z]+\/[\w-]+$/);
      expect(new Set(tasks.map(({ size }) => size)).size).toBe(tasks.length);
    }
  });

  test("is chosen from by words of a name or a title, whatever their case", () => {
    expect(chosen(["GRAM/BATCH"]).map(({ id }) => id)).toEqual(["gram/batch"]);
    expect(chosen(["nine largest"]).map(({ id }) => id)).toEqual(["statistics/top-k"]);
    expect(chosen(["gram/batch", "relu/"]).map(({ id }) => id)).toEqual(["gram/batch", "relu/guided"]);
    expect(chosen()).toEqual(SUITE);
    expect(chosen(["no-such-case"])).toEqual([]);
    expect(unmatched(["GRAM/BATCH", "no-such-case", "relu/"])).toEqual(["no-such-case"]);
  });

  test("has smaller sizes that cost less, in order", () => {
    for (const { tasks } of SUITE) {
      const costs = tasks.map(({ work }) => work.flops);
      expect(costs).toEqual([...costs].sort((a, b) => b - a));
    }
  });

  test("says what it is to show of every hot path and every technique", () => {
    const goalsOf = (id: string) => SUITE.find((one) => one.id === id)?.goals ?? [];
    for (const name of ["shipped", "vgg16", "resnet50", "mobilenet_v1"]) {
      expect(goalsOf(`occlusion/${name}`).map(({ of }) => of)).toEqual(["tfjs", "onnxruntime", "saving"]);
    }
    expect(goalsOf("gradient/vgg-like-guided")).toContainEqual({ of: "plain gradient", most: 1.03 });
    expect(goalsOf("gradient/vgg-like-back-alone")).toContainEqual({ of: "forward pass", most: 1.15 });
    expect(goalsOf("gram/block2")).toContainEqual({ of: "full product", least: 1.7 });
    expect(goalsOf("statistics/moments")).toContainEqual({ of: "limit", least: 0.8 });
    for (const name of ["histogram", "top-k"]) {
      expect(goalsOf(`statistics/${name}`)).toContainEqual({ of: "statistics pass", most: 1.3 });
    }
    expect(goalsOf("conv/vgg16-block3_conv2")).toContainEqual({ of: "limit", least: 0.55 });
    expect(goalsOf("technique/shipped-smoothgrad")).toEqual([{ of: "tfjs", least: 3 }]);
    expect(goalsOf("technique/vgg-like-rise")).toEqual([{ of: "tfjs", least: 5 }]);
    for (const name of ["visualisation-1", "visualisation-16", "style-step"]) {
      expect(goalsOf(`synthesis/${name}`)[0]).toEqual({ of: "tfjs", least: 4 });
    }
    expect(goalsOf("synthesis/channels")).toEqual([{ of: "one after another", least: 3 }]);
    expect(goalsOf("synthesis/stylised-480x640")).toEqual([{ of: "tfjs", least: 2 }]);
  });
});
