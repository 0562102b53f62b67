import { expect, test } from "vitest";
import { allowance, whatMattersFirst } from "../../bench/budget.ts";
import type { Bench, Case, Task } from "../../bench/case.ts";
import { coveringOf, dropsOf, inBoth, laidOut, masksOf } from "../../bench/cases/covering.ts";
import { createClock } from "../../bench/clock.ts";
import type { LimitProbes } from "../../bench/limits.ts";
import { chooseSizes } from "../../bench/sizes.ts";
import { batchesOf } from "../../bench/techniques/subject.ts";
import { testDevice } from "../gpu.ts";

function task(size: string, flops: number): Task {
  return {
    size,
    work: { flops, bytes: 0 },
    prepare: () => {
      throw new Error("expected nobody to run it");
    },
  };
}

const CASE: Case = {
  id: "made/up",
  title: "made up",
  tasks: [task("real", 1e12), task("less", 1e10), task("least", 1e3)],
};

async function benchOn(software: boolean): Promise<Bench> {
  const absent = { absent: "not here" };
  const shipped = () => Promise.reject(new Error("expected nobody to ask"));
  return { device: await testDevice(), software, tfjs: absent, ort: absent, jax: absent, shipped };
}

/** Limits that are what they are said to be, however long their kernels take. */
function probesOf(limit: number): LimitProbes {
  return { limits: { copy: limit, f32: limit }, submit() {}, rate: () => limit, destroy() {} };
}

test("sizes are as asked for; a GPU gets the real ones", async () => {
  const clock = await createClock(await testDevice());
  const probes = probesOf(10);
  const [hardware, software] = [await benchOn(false), await benchOn(true)];
  expect((await chooseSizes(hardware, clock, probes, "auto"))(CASE, 0.3).size).toBe("real");
  expect((await chooseSizes(software, clock, probes, "real"))(CASE, 0.3).size).toBe("real");
  expect((await chooseSizes(hardware, clock, probes, "small"))(CASE, 0.3).size).toBe("least");
  clock.destroy();
});

test("a software adapter gets the largest that it is fast enough for, by what it did to a small convolution", async () => {
  const clock = await createClock(await testDevice());
  const bench = await benchOn(true);
  // The share of the limits that the probe reaches scales with them, so that only the work decides.
  const choose = await chooseSizes(bench, clock, probesOf(1e6), "auto");
  expect(choose(CASE, 0.3).size).not.toBe("real");
  const tiny: Case = { ...CASE, tasks: [task("real", 1e3), task("least", 1)] };
  expect(choose(tiny, 0.3).size).toBe("real");
  // Who has less to do than the work that counts is asked about that.
  const part: Case = {
    ...CASE,
    tasks: [{ ...task("real", 1e18), cost: { ours: 1, others: 1 } }, task("least", 1)],
  };
  expect(choose(part, 0.3).size).toBe("real");
  const huge: Case = { ...CASE, tasks: [task("real", 1e18), task("least", 1e17)] };
  expect(choose(huge, 0.3).size).toBe("least");
  // With more patience the same gets a larger size.
  expect(choose(huge, Number.POSITIVE_INFINITY).size).toBe("real");
  clock.destroy();
});

test("a limited run gives each case a share of the time that is left, and nothing when none is", () => {
  const effort = { milliseconds: 800, fewest: 5, most: 25 };
  const ten = Array.from({ length: 10 }, () => ({}));
  expect(allowance(1000, ten, effort)).toEqual({ patience: 0.3, effort });
  const behind = allowance(20, ten, effort);
  expect(behind?.patience).toBeCloseTo(0.125, 9);
  expect(behind?.effort).toEqual({ ...effort, milliseconds: 400 });
  expect(allowance(0.1, ten, effort)?.effort.milliseconds).toBe(150);
  expect(allowance(0, ten, effort)).toBeUndefined();
  expect(allowance(Number.POSITIVE_INFINITY, ten, effort)).toEqual({ patience: 0.3, effort });
  // Three of twelve parts.
  const heavy = allowance(24, [{ weight: 3 }, ...ten.slice(1)], effort);
  expect(heavy?.patience).toBeCloseTo(6 / 16, 9);
  expect(allowance(1e6, [{ weight: 3 }], effort)?.effort.milliseconds).toBe(2400);
});

test("a limited run takes one of each group in turn, and first what is to show something", () => {
  const cases = ["a/1", "a/2!", "a/3!", "b/1!", "b/2", "c/1", "c/2!", "c/3!", "c/4!"].map((id) => ({
    id,
    goals: id.endsWith("!") ? [{ of: "tfjs", least: 2 }] : [],
    // A heavy case lets others of its group wait.
    weight: id === "a/2!" ? 3 : 1,
  }));
  expect(whatMattersFirst(cases).map(({ id }) => id)).toEqual(
    ["a/2!", "b/1!", "c/2!", "c/3!", "c/4!", "a/3!"].concat("a/1", "b/2", "c/1"),
  );
  expect(whatMattersFirst([])).toEqual([]);
});

test("a sweep of covered images is laid out in even batches", () => {
  // (96 − 8) / 4 + 1 = 23 places each way, and the clean image.
  expect(coveringOf(96, 8, 4, 32)).toMatchObject({ images: 530, batches: 17, batch: 32 });
  expect(coveringOf(10, 4, 4, 8)).toMatchObject({ images: 10, batches: 2, batch: 5 });
});

test("of a sweep that takes long a few batches are run, spread over it; two sweeps are compared where both ran", () => {
  const covering = coveringOf(10, 4, 2, 3, 2);
  // 17 images in six batches of three, of which the first and the fourth run.
  expect(covering).toMatchObject({ images: 17, batches: 6, batch: 3, run: [0, 3] });
  expect(coveringOf(10, 4, 2, 3).run).toEqual([0, 1, 2, 3, 4, 5]);
  const part = laidOut(covering, Float32Array.of(1, 2, 3, 10, 11, 12));
  expect([...part.entries()].filter(([, score]) => Number.isFinite(score))).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
    [9, 10],
    [10, 11],
    [11, 12],
  ]);
  const whole = Float32Array.from({ length: 17 }, (_, image) => image + 1);
  expect(inBoth(covering, whole, part)).toEqual([
    Float32Array.of(1, 2, 3, 10, 11, 12),
    Float32Array.of(1, 2, 3, 10, 11, 12),
  ]);
  const prefix = laidOut({ ...covering, run: [0, 1] }, Float32Array.of(1, 2, 3, 4, 5, 6));
  expect(inBoth(covering, prefix, part)[0]).toEqual(Float32Array.of(1, 2, 3));
  for (const wrong of [whole.with(5, Number.NaN), whole.subarray(1), new Float32Array(17).fill(Infinity)]) {
    expect(inBoth(covering, wrong, part)[0]).toHaveLength(0);
  }
  // The last batch is filled up with clean images.
  expect(laidOut({ ...covering, run: [5] }, Float32Array.of(7, 8, 9)).slice(15)).toEqual(
    Float32Array.of(7, 8),
  );
});

test("each mask covers one patch, the last ones moved back to the border; the clean image stays clean", () => {
  const covering = coveringOf(10, 4, 4, 10);
  const masks = masksOf(covering, 0);
  const covered = (image: number) =>
    [...masks.subarray(image * 100, (image + 1) * 100).entries()]
      .filter(([, value]) => value === 0)
      .map(([pixel]) => pixel);
  expect(covered(0)).toEqual([]);
  expect(covered(1)).toEqual([0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33]);
  expect(covered(9)[0]).toBe(66);
  expect(covered(9).at(-1)).toBe(99);
  expect([...dropsOf(Float32Array.of(5, 3, 6))]).toEqual([2, -1]);
});

test("samples are split into batches, the last one as large as what is left", () => {
  expect(batchesOf({ samples: 20, batch: 8 })).toEqual([
    [0, 8],
    [8, 8],
    [16, 4],
  ]);
});
