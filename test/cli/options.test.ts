import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands/list.ts";
import { UsageError } from "../../src/cli/io.ts";
import { OPTIONS, type OptionName, parseArguments } from "../../src/cli/options.ts";
import { settingsOf } from "../../src/cli/technique-options.ts";
import { techniqueSettings, techniquesNamed } from "../../src/cli/technique-settings.ts";
import { Values } from "../../src/cli/values.ts";
import { nearest } from "../../src/gpu/options.ts";
import { ATTRIBUTIONS, attributionNamed } from "../../src/techniques/attribution/list.ts";
import { vitrine } from "./run.ts";

describe("the command line", () => {
  test("takes values after a space or =, keeps them as text, and collects the rest", () => {
    const { positionals, values } = parseArguments([
      "explain",
      "--target=007",
      "a.png",
      "--fill",
      "-1,0.5,2",
      "--json",
      "--image",
      "b.png",
      "--image=c=d.png",
      "--",
      "--odd.png",
    ]);
    expect(positionals).toEqual(["explain", "a.png", "--odd.png"]);
    expect(Object.fromEntries(values)).toEqual({
      target: ["007"],
      fill: ["-1,0.5,2"],
      json: [""],
      image: ["b.png", "c=d.png"],
    });
  });

  test.each([
    [["--modle", "x"], /unknown option --modle; did you mean --model\?/],
    [["--zzzzzz"], /unknown option --zzzzzz$/],
    [["-x"], /unknown option -x/],
    [["--out"], /--out expects a value \(FILE\|DIR\), got nothing/],
    [["--out", "--json"], /--out expects a value \(FILE\|DIR\), got --json/],
    [["--json=yes"], /--json takes no value/],
    [["--top", "1", "--top", "2"], /--top was given twice/],
  ])("refuses %j", (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
    expect(() => parseArguments(argv)).toThrow(message);
  });

  test.each([
    ["top", "0"],
    ["top", "2.5"],
    ["top", "five"],
    ["top", ""],
    ["seed", "4294967296"],
  ] as [OptionName, string][])("refuses --%s %s as a whole number", (name, text) => {
    const values = new Values(parseArguments([`--${name}=${text}`]));
    expect(() => values.whole(name, 1, 2 ** 32 - 1)).toThrow(/expects a whole number of 1 to/);
  });

  test.each(["1,,2", "a", "1;2", "Infinity", ""])("refuses --mean %s as numbers", (text) => {
    expect(() => new Values(parseArguments([`--mean=${text}`])).numbers("mean")).toThrow(/expects numbers/);
  });

  test.each([
    ["streched", /--fit expects cover, stretch, contain, got "streched"; did you mean stretch\?/],
    ["", /--fit expects cover, stretch, contain, got ""$/],
  ])("refuses --fit %s", (text, message) => {
    const values = new Values(parseArguments([`--fit=${text}`]));
    expect(() => values.choice("fit", ["cover", "stretch", "contain"])).toThrow(message);
  });

  test.each([
    ["explain", /^explain expects a technique \(saliency, .*\) or --all, got "grad"/],
    ["trust", /^trust expects a technique \(saliency, .*lime\), got "grad"/],
  ] as const)("%s names itself where a technique is unknown", (command, message) => {
    expect(() => techniquesNamed(command, "grad")).toThrow(message);
  });

  test("a colour that there is not is answered with those that there are", () => {
    const hidden = (text: string) =>
      techniqueSettings(attributionNamed("lime"), new Values(parseArguments([`--hide=${text}`])));
    expect(() => hidden("gray")).toThrow(
      /^--hide expects mean, black, grey, white, segment, a number, .* got "gray"; did you mean grey\?/,
    );
    expect(hidden("grey")).toEqual({ hide: "grey" });
    expect(hidden("1,0,0.5")).toEqual({ hide: [1, 0, 0.5] });
  });

  test("suggests what is near only", () => {
    expect(nearest("grad_cam", ["saliency", "grad-cam"])).toBe("grad-cam");
    expect(nearest("lime", ["saliency", "grad-cam"])).toBeUndefined();
  });
});

describe("help", () => {
  test("lists every command and option, examples and exit codes", async () => {
    const { code, out, err } = await vitrine(["--help"]);
    expect([code, err]).toEqual([0, ""]);
    for (const { name } of COMMANDS) expect(out).toContain(`  ${name}`);
    for (const { name } of Object.values(OPTIONS)) expect(out).toContain(`--${name}`);
    expect(out).toMatch(/Exit codes:[\s\S]*1 {2}the command line[\s\S]*2 {2}the GPU/);
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThan(110);
  });

  test.each(COMMANDS.map(({ name }) => name))("%s explains its options", async (name) => {
    const command = COMMANDS.find((candidate) => candidate.name === name);
    const { code, out } = await vitrine([name, "--help"]);
    expect(code).toBe(0);
    for (const option of command?.options ?? []) expect(out).toContain(`--${option}`);
    for (const example of command?.examples ?? []) expect(out).toContain(example);
  });

  test("says of each technique's option what its file says, with its default and that among several maps", () => {
    for (const technique of ATTRIBUTIONS) {
      for (const { name, option, definition } of settingsOf(technique)) {
        if (name === "probability") continue;
        const { help } = OPTIONS[name];
        expect(help).toContain(technique.title);
        expect(help).toContain(definition.help.slice(1));
        expect(help).toContain(`Default ${definition.otherwise ?? definition.default}`);
        const quick = technique.quick?.[option];
        if (quick !== undefined) expect(help).toContain(`, ${quick} among several maps`);
      }
    }
    expect(OPTIONS.samples.help).toMatch(/RISE: number of random masks\. Default 4000, 500 among/);
  });

  test("the examples parse and name options that their command takes", () => {
    for (const { name, options, examples } of COMMANDS) {
      for (const example of examples) {
        const [program, command, ...rest] = example.split(" ");
        expect([program, command]).toEqual(["vitrine", name]);
        for (const option of parseArguments(rest).values.keys()) expect(options).toContain(option);
      }
    }
  });

  test("--version is the package's", async () => {
    expect((await vitrine(["--version"])).out).toMatch(/^\d+\.\d+\.\d+/);
  });
});
