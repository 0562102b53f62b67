import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError, ModelError, UnsupportedError, VitrineError } from "../../src/gpu/errors.ts";
import { createSubjects } from "./subjects.ts";
import { faultOf } from "./verdict.ts";

test("the files that mutants are made from are right", async () => {
  const { originals, read } = await createSubjects();
  expect(originals.length).toBeGreaterThan(15);
  for (const original of originals) await expect(read(original), original.of).resolves.toBeUndefined();
});

test("a damaged file is read, or refused by an error that says what is wrong", async () => {
  const { mutants, read } = await createSubjects();
  const ends = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(mutants, async (mutant) => {
      try {
        await read(mutant);
        ends.read++;
      } catch (error) {
        expect(faultOf(error)).toBeUndefined();
        ends.refused++;
      }
    }),
    { numRuns: 400, seed: 20261130 },
  );
  // Neither so gentle that all are read, nor so rough that none gets past the first check.
  expect(ends.read).toBeGreaterThan(20);
  expect(ends.refused).toBeGreaterThan(100);
});

test("what is no refusal is a fault", () => {
  for (const error of [new InputError("a"), new ModelError("b"), new UnsupportedError("c")]) {
    expect(faultOf(error)).toBeUndefined();
  }
  for (const error of [
    new TypeError("a"),
    new RangeError("b"),
    new SyntaxError("c"),
    new VitrineError("d"),
    "e",
  ]) {
    expect(faultOf(error)).toMatch(/[a-e]/);
  }
  expect(faultOf(new InputError("x".repeat(20_000)))).toMatch(/20000 letters/);
});
