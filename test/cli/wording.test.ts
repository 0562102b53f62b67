import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { messageOf } from "../../src/cli/error-messages.ts";

/** Braces around options of a call, or the name of the object that has them. */
const OPTIONS_OF_A_CALL = /\{ ?\w+(:| \})|\boptions\.\w/;

/** What no command comes to: it makes its networks, layers and recordings itself, and gives no pixels by hand. */
const UNREACHABLE = [
  /\{ gradients: true \}/,
  /\{ reuseBuffers: true \}/,
  /\{ from: \[the layers\] \}/,
  /expected pixels \{/,
  /expected x as \{ data: Float32Array/,
  /\{ decode: decodeImage \}/,
  /such as \{ csv: "labels\.csv" \}/,
  /preprocessing \{ mean, std \}/,
  /expected \{ factor: \[v, h\] \}/,
];

/** The messages of errors in the library's sources, with an x for what is filled in. */
function messagesOfLibrary(): string[] {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !/^(cli|three|tfjs)/.test(file),
  );
  return files.flatMap((file) => {
    const source = readFileSync(join("src", file), "utf8");
    const thrown = source.matchAll(
      /new (?:Input|Model|Unsupported|OutOfMemory)Error\(\s*[`"]([^`]*?)[`"],?\s*\)/g,
    );
    return [...thrown].map(([, text = ""]) => text.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "x"));
  });
}

describe("an error that a command prints", () => {
  test("speaks of the command's options, whatever the library says", () => {
    const messages = messagesOfLibrary();
    expect(messages.length).toBeGreaterThan(150);
    const foreign = messages
      .map((message) => messageOf(new Error(message)))
      .filter(
        (message) => OPTIONS_OF_A_CALL.test(message) && !UNREACHABLE.some((known) => known.test(message)),
      );
    expect(foreign).toEqual([]);
  });

  test.each([
    [
      "RISE: needs 3 MiB beside it; raise memory, or create the network with a smaller batch, { gradients: false } or { keep: [] }",
      "RISE: needs 3 MiB beside it; raise --memory, or take a smaller --batch",
    ],
    [
      'network "n": needs 9 MiB; use a memory of at least 9437185, or { keep: [] }',
      'network "n": needs 9 MiB; use --memory 10 or more',
    ],
    ["target: expected a class of 0 to 2, got 7", "--target expects a class of 0 to 2, got 7"],
    ["a message as it is; --patch helps", "a message as it is; --patch helps"],
  ])("%s", (library, command) => {
    expect(messageOf(new Error(library))).toBe(command);
  });
});
