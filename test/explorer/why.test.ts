import { describe, expect, test, vi } from "vitest";
import { Desk, type Task } from "../../demo/why/desk.ts";
import { endsOf, type Flat, sharedEnds } from "../../demo/why/shade.ts";
import { npyOf } from "../../demo/why/take-away.ts";
import { decodeNpy } from "../../src/node/npy.ts";

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
