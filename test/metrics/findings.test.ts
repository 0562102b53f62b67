import { describe, expect, test } from "vitest";
import { ALIKE, findingsOf } from "../../src/metrics/findings.ts";

type Figures = Omit<Parameters<typeof findingsOf>[0], "target">;
const TARGET = { target: { layer: "logits" } } as never as Parameters<typeof findingsOf>[0];

const say = (trust: Figures, still = new Set<never>()) =>
  findingsOf({ ...TARGET, ...trust }, { blank: false, still, nameOf: (other) => `class ${other}` }).map(
    ({ verdict }) => verdict,
  );
const like = (correlation: number, signed = correlation) => ({ correlation, signed, other: 3 }) as never;
const curve = (area: number, ...randomBaselines: number[]) => ({ curve: [], area, randomBaselines }) as never;

describe("what speaks against a map", () => {
  test("is a likeness from its threshold on, at which it counts", () => {
    expect(say({ runnerUp: like(ALIKE.class) })).toEqual(["class"]);
    expect(say({ runnerUp: like(ALIKE.class - 1e-9) })).toEqual([]);
    expect(say({ runnerUp: like(1, ALIKE.class - 1e-9) })).toEqual([]);
    expect(say({ modelRandomisation: like(ALIKE.weights) })).toEqual(["weights"]);
    expect(say({ modelRandomisation: like(ALIKE.weights - 1e-9) })).toEqual([]);
  });

  test("is a copy that does as well, equal areas included", () => {
    expect(say({ insertion: curve(0.5, 0.5, 0.1) })).toEqual(["chance"]);
    expect(say({ insertion: curve(0.5, 0.4999, 0.1) })).toEqual([]);
    expect(say({ deletion: curve(0.25, 0.25) })).toEqual(["chance"]);
    expect(say({ deletion: curve(0.25, 0.2501) })).toEqual([]);
    // Insertion is good where it is large, deletion where it is small: 0.75 − 0.25 against 0.5 − 0 and 1 − 0.75.
    expect(say({ insertion: curve(0.75, 0.5, 1), deletion: curve(0.25, 0, 0.75) })).toEqual(["chance"]);
    expect(say({ insertion: curve(0.75, 0.5, 1), deletion: curve(0.25, 0.01, 0.75) })).toEqual([]);
  });

  test("is nothing at a figure's own threshold, and all beyond it", () => {
    expect(say({ muFidelity: 0.1 })).toEqual([]);
    expect(say({ muFidelity: 0.0999 })).toEqual(["muFidelity"]);
    expect(say({ infidelity: { relative: 0.95, by: "noise" } as never })).toEqual([]);
    expect(say({ infidelity: { relative: 0.9501, by: "noise" } as never })).toEqual(["infidelity"]);
    expect(say({ sensitivity: 1 })).toEqual([]);
    expect(say({ sensitivity: 1.001 })).toEqual(["sensitivity"]);
  });

  test("of a blank map is that it is blank, and no more", () => {
    const found = findingsOf(
      { ...TARGET, muFidelity: -1 },
      { blank: true, still: new Set(), nameOf: String },
    );
    expect(found.map(({ verdict }) => verdict)).toEqual(["blank"]);
  });
});
