import { expect, test } from "vitest";
import { layOutErrorCurves } from "../../src/figures/error-curves.ts";

test("error curves have a panel a kind, all to one scale, and both names", () => {
  const { svg, width, height } = layOutErrorCurves({
    ...{
      title: "Errors",
      subtitle: "net · 10 pictures",
      severities: [1, 3, 5],
      clean: 0.25,
      names: ["a", "b"],
    },
    panels: ["fog", "snow", "frost", "noise", "blur", "JPEG"].map((title) => ({
      ...{ title, errors: [0, 0.5, 1], others: [0.1, 0.2, 0.3], remark: "CE 81" },
    })),
    notes: ["A note."],
  });
  for (const text of [">Errors<", ">fog<", ">JPEG<", ">a<", ">b<", ">CE 81<", ">A note.<"])
    expect(svg).toContain(text);
  const lines = [...svg.matchAll(/points="([^"]*)"/g)].map(([, points = ""]) =>
    points.split(" ").map((point) => Number(point.split(",")[1])),
  );
  expect(lines).toHaveLength(12);
  const [other = [], own = []] = lines;
  expect((own[0] ?? 0) - (own[2] ?? 0)).toBe(110);
  expect((other[0] ?? 0) - (other[2] ?? 0)).toBeCloseTo(22, 1);
  expect([width, height].every(Number.isInteger)).toBe(true);
});
