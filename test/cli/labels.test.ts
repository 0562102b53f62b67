import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readLabels } from "../../src/cli/labels.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { folder } from "./run.ts";

const read = async (text: string) => {
  const path = join(folder, "some-labels");
  await writeFile(path, text);
  return readLabels(path);
};

describe("labels", () => {
  test.each<[string, string, string[]]>([
    [
      "text",
      "tench\r\ngreat white shark, white shark\ntench\n",
      ["tench", "great white shark, white shark", "tench"],
    ],
    ["text with a mark of its encoding", "\uFEFFa\nb", ["a", "b"]],
    ["a JSON array", '["a", "b", "a"]', ["a", "b", "a"]],
    [
      "Keras's imagenet_class_index.json, in any order",
      '{"1": ["n01443537", "goldfish"], "0": ["n01440764", "tench"]}',
      ["tench", "goldfish"],
    ],
    ["numbers and names", '{"0": "cat", "1": "dog"}', ["cat", "dog"]],
    [
      "Teachable Machine's metadata.json",
      '{"tfjsVersion": "1.3.1", "labels": ["Class 1", "Class 2"], "imageSize": 224}',
      ["Class 1", "Class 2"],
    ],
    ["names that every object has", '{"0": "constructor", "1": "__proto__"}', ["constructor", "__proto__"]],
  ])("are read from %s", async (_, text, names) => {
    expect(await read(text)).toEqual(names);
  });

  test.each([
    ["a number is missing", '{"0": ["n", "tench"], "2": ["n", "shark"]}'],
    ["a label is no text", '{"labels": ["a", 3]}'],
    ["nothing is there", "{}"],
    ["an array of numbers", "[1, 2]"],
    ["damaged JSON", '["a",'],
  ])("are refused where %s", async (_, text) => {
    await expect(read(text)).rejects.toBeInstanceOf(InputError);
    await expect(read(text)).rejects.toThrow(/labels ".*some-labels": expected/);
  });
});
