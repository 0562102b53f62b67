import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { DEFAULTS, fromHash, type State, toHash } from "../../demo/state.ts";
import { Desk, type Task } from "../../demo/why/desk.ts";
import { endsOf, type Flat, sharedEnds } from "../../demo/why/shade.ts";
import { npyOf } from "../../demo/why/take-away.ts";
import { ATTRIBUTIONS } from "../../src/index.ts";
import { decodeNpy } from "../../src/node/npy.ts";

describe("the address", () => {
  test("brings back every state of a question", () => {
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const states = fc.record({
      why: fc.shuffledSubarray(ATTRIBUTIONS.map(({ name }) => name)),
      target: maybe(fc.oneof(fc.nat(999), fc.constant("unit" as const))),
      versus: maybe(fc.oneof(fc.nat(999), fc.constant("second" as const))),
      weighs: maybe(fc.constantFrom("conv1", "fire2/concat", "a b,c&d=e")),
      ends: fc.constantFrom("robust" as const, "raw" as const, "shared" as const),
      trust: fc.boolean(),
      along: fc.boolean(),
      over: maybe(fc.constantFrom("saliency", "grad-cam:2")),
      strength: fc.nat(100).map((percent) => percent / 100),
      theme: maybe(fc.constantFrom("light" as const, "dark" as const)),
    });
    fc.assert(
      fc.property(states, (asked) => {
        const state: State = { ...DEFAULTS, ...asked };
        const back = fromHash(`#${toHash(state)}`);
        expect(Object.entries(back).filter(([, value]) => value !== undefined)).toEqual(
          expect.arrayContaining(Object.entries(state).filter(([, value]) => value !== undefined)),
        );
      }),
      { numRuns: 50 },
    );
    expect(toHash(DEFAULTS)).toBe("");
  });
});

describe("the desk", () => {
  /** A task that ends when it is told to. */
  function held(key: string): Task & { started: number; finish(): void; aborted: boolean } {
    let finish = () => {};
    const task = {
      key,
      started: 0,
      aborted: false,
      finish: () => finish(),
      run: ({ signal }: { signal: AbortSignal }) => {
        task.started++;
        return new Promise<void>((resolve, reject) => {
          finish = resolve;
          signal.addEventListener("abort", () => {
            task.aborted = true;
            reject(signal.reason as Error);
          });
        });
      },
    };
    return task;
  }

  test("does one thing at a time, once, and drops what is not wanted any more", async () => {
    const desk = new Desk();
    const [a, b, c] = [held("a"), held("b"), held("c")];
    desk.want([a, b]);
    await vi.waitFor(() => expect(a.started).toBe(1));
    expect(b.started).toBe(0);
    a.finish();
    await vi.waitFor(() => expect(b.started).toBe(1));
    expect(desk.progressOf("a")).toEqual({ stage: "done" });
    desk.want([a, c]);
    await vi.waitFor(() => expect(c.started).toBe(1));
    expect([b.aborted, a.started]).toEqual([true, 1]);
    expect(desk.progressOf("b")).toEqual({ stage: "waiting" });
    desk.stop("c");
    expect([c.aborted, desk.busy]).toEqual([true, false]);
    desk.again("c");
    await vi.waitFor(() => expect(c.started).toBe(2));
    desk.forget();
    desk.want([a]);
    await vi.waitFor(() => expect(a.started).toBe(2));
    desk.close();
  });

  test("says what went wrong and goes on", async () => {
    const desk = new Desk();
    const after = held("after");
    desk.want([{ key: "bad", run: () => Promise.reject(new Error("no pooling")) }, after]);
    await vi.waitFor(() => expect(after.started).toBe(1));
    expect(desk.progressOf("bad")).toEqual({ stage: "failed", words: "no pooling" });
    desk.close();
  });
});

test("colours end where they say", () => {
  const flat = (over: Partial<Flat>): Flat => ({
    values: Float32Array.from({ length: 1000 }, (_, i) => i),
    size: [10, 100],
    signed: false,
    floats: false,
    peaked: true,
    unit: "",
    ...over,
  });
  expect(endsOf(flat({}), "robust")).toMatchObject({ min: 0, max: 989 });
  expect(endsOf(flat({}), "raw")).toMatchObject({ min: 0, max: 999, note: "Nothing clipped." });
  expect(endsOf(flat({ peaked: false }), "robust").max).toBe(999);
  expect(endsOf(flat({ values: Float32Array.of(-4, 1), signed: true, peaked: false }), "raw")).toMatchObject({
    min: -4,
    max: 4,
  });
  expect(endsOf(flat({ values: Float32Array.of(0.2, 0.3), floats: true }), "robust").min).toBeCloseTo(0.2);
  const [a, b] = [
    endsOf(flat({}), "raw"),
    endsOf(flat({ values: Float32Array.of(5), peaked: false }), "raw"),
  ];
  expect(sharedEnds([a, b])).toMatchObject({ min: 0, max: 999 });
});

test("arrays are NumPy files", async () => {
  const data = Float32Array.of(1.5, -2, 3e-9, 4, 5, 6);
  for (const shape of [[6], [2, 3], [1, 2, 3]]) {
    expect(decodeNpy(await npyOf({ data, shape }).arrayBuffer())).toMatchObject({ shape, data });
  }
});
