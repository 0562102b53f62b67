import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants/list.ts";
import { mutated, nameOf } from "./mutants/mutant.ts";

test("every mutant fits the code as it is, and names tests that there are", () => {
  const faults = MUTANTS.flatMap((mutant) => {
    const missing = mutant.tests.filter((path) => !existsSync(`test/${path}`));
    try {
      mutated(mutant, readFileSync(mutant.file, "utf8"));
      return missing;
    } catch (error) {
      return [...missing, (error as Error).message];
    }
  });
  expect(faults).toEqual([]);
  expect(new Set(MUTANTS.map(nameOf)).size).toBe(MUTANTS.length);
});
