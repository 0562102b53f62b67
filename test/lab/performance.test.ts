import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { attributeTable } from "../../src/lab/attribute-table.ts";
import { compareLabellers } from "../../src/lab/labeller.ts";
import { type AnsweredPicture, performanceBy, wilsonInterval } from "../../src/lab/performance.ts";

const picture = (
  id: string,
  label: string,
  answer: string,
  attributes: AnsweredPicture["attributes"] = {},
): AnsweredPicture => ({ id, label, answer, right: label === answer, attributes });

describe("Wilson's interval", () => {
  // Wilson's formula in Python.
  test.each([
    [8, 10, 0.490162, 0.943318],
    [0, 5, 0, 0.434482],
    [5, 5, 0.565518, 1],
    [500, 1000, 0.46907, 0.53093],
  ])("%i of %i", (right, pictures, low, high) => {
    const found = wilsonInterval(right, pictures);
    expect(found.share).toBe(right / pictures);
    expect(found.low).toBeCloseTo(low, 5);
    expect(found.high).toBeCloseTo(high, 5);
  });

  test("has both ends where the test of the share is just not refused", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(500), (pictures, some) => {
        const right = some % (pictures + 1);
        const { share, low, high } = wilsonInterval(right, pictures);
        for (const p of [low, high]) {
          if (p === 0 || p === 1) continue;
          expect(Math.abs(share - p) / Math.sqrt((p * (1 - p)) / pictures)).toBeCloseTo(1.95996, 4);
        }
      }),
    );
  });
});

describe("performanceBy", () => {
  test("puts as many pictures into each bin, and says how right each is", () => {
    const pictures = Array.from({ length: 100 }, (_, i) =>
      picture(`${i}`, "a", i % 10 < i / 10 ? "a" : "b", { size: (i * 37) % 100 === 0 ? 0 : i }),
    );
    const [size] = performanceBy(pictures, { by: ["size"], bins: 4 });
    expect(size?.bins.map((bin) => bin.pictures)).toEqual([25, 25, 25, 25]);
    expect(size?.bins.map((bin) => bin.range)).toEqual([
      [0, 24],
      [25, 49],
      [50, 74],
      [75, 99],
    ]);
    const right = [0, 1, 2, 3].map(
      (bin) => pictures.slice(25 * bin, 25 * bin + 25).filter((one) => one.right).length,
    );
    expect(size?.bins.map((bin) => bin.right)).toEqual(right);
    expect(size?.correlation).toBeGreaterThan(0.4);
  });

  test("keeps equal values together, and gives few values a bin each", () => {
    const numbers = [1, 1, 1, 1, 1, 1, 1, 2, 3, 9];
    const [tied] = performanceBy(
      numbers.map((value, i) => picture(`${i}`, "a", "a", { value })),
      { bins: 3 },
    );
    expect(tied?.bins.map(({ range, pictures }) => [range, pictures])).toEqual(
      [
        [[1, 1], 7],
        [[2, 9], 3],
      ].sort(),
    );
    expect(tied?.correlation).toBeUndefined();
    const [few] = performanceBy([4, 0, 4, 2].map((value, i) => picture(`${i}`, "a", "b", { value })));
    expect(few?.bins.map(({ name, pictures }) => [name, pictures])).toEqual([
      ["0", 1],
      ["2", 1],
      ["4", 2],
    ]);
  });

  test("gives Spearman's correlation, ties sharing their rank", () => {
    // scipy.stats.spearmanr([1, 2, 2, 4, 5], [0, 1, 0, 1, 1])
    const pictures = [1, 2, 2, 4, 5].map((value, i) =>
      picture(`${i}`, "a", [0, 1, 0, 1, 1][i] ? "a" : "b", { value }),
    );
    expect(performanceBy(pictures)[0]?.correlation).toBeCloseTo(0.7404361, 6);
  });

  test("groups words, the largest first, and counts pictures without one", () => {
    const words = ["sun", "rain", "sun", undefined];
    const [weather] = performanceBy(
      words.map((word, i) => picture(`${i}`, "a", i === 2 ? "b" : "a", { word })),
    );
    expect(weather).toMatchObject({ kind: "words", without: 1 });
    expect(weather?.bins).toMatchObject([
      { name: "sun", pictures: 2, right: 1 },
      { name: "rain", pictures: 1, right: 1 },
    ]);
    const many = Array.from({ length: 40 }, (_, i) => picture(`${i}`, "a", "a", { word: `w${i}` }));
    expect(performanceBy(many)[0]?.bins.at(-1)).toMatchObject({ name: "16 others", pictures: 16 });
  });

  test("refuses what it cannot tell", () => {
    const one = [picture("a", "a", "a", { x: 1 })];
    expect(() => performanceBy([])).toThrow(/expected pictures with labels, got none/);
    expect(() => performanceBy(one, { by: ["y"] })).toThrow(/got "y"; there are x/);
    expect(() => performanceBy(one, { bins: 0 })).toThrow(InputError);
    expect(() => wilsonInterval(1, 0)).toThrow(InputError);
  });
});

describe("compareLabellers", () => {
  const pictures = [
    picture("1", "cat", "cat"),
    picture("2", "cat", "dog"),
    picture("3", "dog", "dog"),
    picture("4", "dog", "cat"),
    picture("5", "dog", "dog"),
  ];
  const human = new Map([
    ["1", "cat"],
    ["2", "cat"],
    ["3", "cat"],
    ["4", "cat"],
  ]);

  test("tells who errs where, and agreement beyond chance", () => {
    const found = compareLabellers(pictures, (id) => human.get(id));
    expect(found).toMatchObject({
      pictures: 4,
      agreement: 0.5,
      kappa: 0, // sklearn.metrics.cohen_kappa_score
      errorConsistency: 0,
      table: { both: 1, onlyNetwork: 1, onlyHuman: 1, neither: 1 },
      labels: [
        { label: "cat", table: { both: 1, onlyNetwork: 0, onlyHuman: 1, neither: 0 } },
        { label: "dog", table: { both: 0, onlyNetwork: 1, onlyHuman: 0, neither: 1 } },
      ],
    });
    expect(found.notes[0]).toMatch(/^1 pictures have no label/);
  });

  test("kappa counts how often each says what", () => {
    // sklearn.metrics.cohen_kappa_score(list("aabbc"), list("abbba")) = 1/3
    const [network, human] = [[..."aabbc"], [..."abbba"]];
    const answered = network.map((answer, i) => picture(`${i}`, "a", answer));
    expect(compareLabellers(answered, (id) => human[Number(id)]).kappa).toBeCloseTo(1 / 3, 12);
  });

  test("two who always agree have kappa 1, and none where there is one answer", () => {
    const same = compareLabellers(pictures, (id) => pictures.find((one) => one.id === id)?.answer);
    expect(same.kappa).toBe(1);
    expect(same.errorConsistency).toBe(1);
    expect(compareLabellers([picture("1", "a", "a")], () => "a").kappa).toBeUndefined();
  });

  test("names labels that are of no picture, and refuses a human who saw none", () => {
    const { notes, human: right } = compareLabellers(pictures, () => "Cat");
    expect(right.share).toBe(0);
    expect(notes.join()).toMatch(/"Cat" is a label of no picture/);
    expect(() => compareLabellers(pictures, () => undefined)).toThrow(InputError);
  });
});

describe("attributeTable", () => {
  const ids = ["x/1.png", "x/2.png", "y/3.png"];
  const table = (text: string) => attributeTable(ids, { name: "t.csv", text });

  test("tells numbers from words, and finds pictures by name", () => {
    const found = table("size,file,where\n1.5,1.png,left\n,x/2.png,\n3,9.png,right\n");
    expect(found.columns).toEqual(["size", "where"]);
    expect(found.attributesOf("x/1.png")).toEqual({ size: 1.5, where: "left" });
    expect(found.attributesOf("x/2.png")).toEqual({});
    expect(found.attributesOf("y/3.png")).toEqual({});
    expect(found.notes).toEqual(['1 of 3 rows of "t.csv" name no picture with an answer: 9.png']);
    expect(table("id,size\n1,2\n2,big\n").attributesOf("x/1.png")).toEqual({ size: "2" });
  });

  test.each([
    [
      "file,size\n7.png,1\n",
      /names of pictures in the data set, such as "x\/1.png", got none of them: 7.png/,
    ],
    ["file,size\n1.png,1\nx/1.png,2\n", /one row of "x\/1.png", got two/],
    ["file\n1.png\n", /a head row with a column of pictures and others/],
    ["file,a,a\n1.png,1,2\n", /"a" twice/],
  ])("%j is refused", (text, message) => {
    expect(() => table(text)).toThrow(message);
  });
});
