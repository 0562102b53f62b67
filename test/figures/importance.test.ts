import { describe, expect, test } from "vitest";
import { composeDistributions } from "../../src/figures/distributions.ts";
import { composeImportance } from "../../src/figures/importance.ts";
import { InputError } from "../../src/gpu/errors.ts";

const rects = (svg: string, color: string): number => svg.split(`fill="${color}"`).length - 1;

describe("a figure of importance", () => {
  test("ranks the channels of each criterion, and draws the curves together", () => {
    const { svg } = composeImportance({
      title: "t",
      criteria: [
        { name: "l1", values: [1, 5, 3] },
        { name: "car", values: [0.1, -0.2, 0] },
      ],
      curves: [
        { name: "greedy", accuracy: [1, 0.9, 0.5] },
        { name: "random", accuracy: [1, 0.2, 0.1] },
      ],
    });
    expect(svg).toContain("first: 1, 2, 0");
    expect(svg).toContain("first: 0, 2, 1");
    for (const words of ["greedy", "random", "accuracy as channels go"]) expect(svg).toContain(words);
  });

  test("refuses nothing at all", () => {
    expect(() => composeImportance({ title: "t", criteria: [] })).toThrow(InputError);
    expect(() => composeDistributions({ title: "t", channels: [] })).toThrow(InputError);
  });
});

describe("a wall of distributions", () => {
  test("names each channel, and what is wrong with it", () => {
    const { svg } = composeDistributions({
      title: "t",
      channels: [
        { channel: 3, range: [0, 2], counts: [5, 1, 0, 2], zeros: 0.5 },
        { channel: 4, range: [0, 0], counts: [8, 0, 0, 0], zeros: 1, fault: "dead", remark: "like 3 (0.99)" },
      ],
    });
    for (const words of ["4 dead", "50 % zeros", "up to 2", "like 3 (0.99)"]) expect(svg).toContain(words);
    expect(rects(svg, "#b03a2e")).toBe(1);
  });
});
