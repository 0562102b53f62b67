import { describe, expect, test, vi } from "vitest";
import { type Priority, type Task, TaskQueue } from "../../demo/tasks/queue.ts";

/** A task that ends when it is told to. */
interface Held extends Task<string> {
  started: number;
  aborted: number;
  finish(result?: string): void;
  fail(message: string): void;
  progress(fraction: number): void;
}

function held(key: string, priority: Priority = "answer"): Held {
  const task: Held = {
    key,
    priority,
    started: 0,
    aborted: 0,
    finish: () => {},
    fail: () => {},
    progress: () => {},
    run: ({ signal, onProgress }) => {
      task.started++;
      return new Promise((resolve, reject) => {
        task.finish = (result = key) => resolve(result);
        task.fail = (message) => reject(new Error(message));
        task.progress = onProgress;
        signal.addEventListener("abort", () => {
          task.aborted++;
          reject(signal.reason as Error);
        });
      });
    },
  };
  return task;
}

/** Waits as long as it takes: nothing here is asserted by time. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 5 });
const starts = (task: Held, times = 1) => until(() => expect(task.started).toBe(times));
/** Longer than the queue waits between two tasks. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 60));

describe("the task queue", () => {
  test("does one thing at a time, once, and keeps what it found", async () => {
    const list = new TaskQueue().list<string>();
    const [a, b] = [held("a"), held("b")];
    list.want([a, b]);
    await starts(a);
    await aWhile();
    expect(b.started).toBe(0);
    expect(list.progressOf("a")).toEqual({ stage: "working", fraction: undefined });
    expect(list.resultOf("a")).toBeUndefined();
    a.progress(0.25);
    expect(list.progressOf("a")).toEqual({ stage: "working", fraction: 0.25 });
    a.finish("found");
    await starts(b);
    expect([list.progressOf("a"), list.resultOf("a")]).toEqual([{ stage: "done" }, "found"]);
    list.want([b, a]);
    b.finish();
    await until(() => expect(list.busy).toBe(false));
    expect([a.started, b.started]).toEqual([1, 1]);
  });

  test("takes answers before overviews before trust, whoever asks and in whatever order", async () => {
    const queue = new TaskQueue();
    const [one, other] = [queue.list<string>(), queue.list<string>()];
    const order: string[] = [];
    const quick = (key: string, priority: Priority): Task<string> => ({
      key,
      priority,
      run: async () => {
        order.push(key);
        return key;
      },
    });
    one.want([quick("trust", "trust"), quick("overview", "overview"), quick("answer", "answer")]);
    other.want([
      quick("their trust", "trust"),
      quick("their answer", "answer"),
      quick("their last", "answer"),
    ]);
    await until(() => expect(queue.busy).toBe(false));
    expect(order).toEqual(["answer", "their answer", "their last", "overview", "trust", "their trust"]);
  });

  test("does the same key once, and at the first of its priorities", async () => {
    const list = new TaskQueue().list<string>();
    const [card, other] = [held("map"), held("other")];
    list.want([{ ...card, priority: "overview" }, other, card]);
    await starts(other);
    other.finish();
    await starts(card);
    card.finish();
    await until(() => expect(list.busy).toBe(false));
    expect(card.started).toBe(1);
  });

  test("drops what is not wanted any more, which waits when it is wanted again", async () => {
    const list = new TaskQueue().list<string>();
    const [a, b] = [held("a"), held("b")];
    list.want([a]);
    await starts(a);
    list.want([b]);
    await starts(b);
    expect([a.aborted, list.progressOf("a")]).toEqual([1, { stage: "waiting" }]);
    list.want([b, a]);
    b.finish();
    await starts(a, 2);
    a.finish();
    await until(() => expect(list.resultOf("a")).toBe("a"));
  });

  test("takes no result of a task that was dropped while it finished", async () => {
    const list = new TaskQueue().list<string>();
    let finish = (_: string) => {};
    const deaf: Task<string> = {
      key: "deaf",
      priority: "answer",
      // Does not listen to its signal.
      run: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    };
    list.want([deaf]);
    await until(() => expect(list.progressOf("deaf").stage).toBe("working"));
    list.forget();
    finish("stale");
    await aWhile();
    expect([list.resultOf("deaf"), list.progressOf("deaf")]).toEqual([undefined, { stage: "waiting" }]);
  });

  test("stops by hand, and what stopped goes on when it is asked again", async () => {
    const list = new TaskQueue().list<string>();
    const [a, b, c] = [held("a"), held("b"), held("c")];
    list.want([a, b, c]);
    await starts(a);
    list.stop("b");
    list.stop("a");
    expect(a.aborted).toBe(1);
    await starts(c);
    expect([list.progressOf("a").stage, list.progressOf("b").stage]).toEqual(["stopped", "stopped"]);
    // Wanting it is not asking again.
    list.want([a, b, c]);
    c.finish();
    await until(() => expect(list.busy).toBe(false));
    await aWhile();
    expect([a.started, b.started]).toEqual([1, 0]);
    // What is done is not stopped, nor done again.
    list.stop("c");
    list.again("c");
    expect(list.progressOf("c")).toEqual({ stage: "done" });
    list.again("b");
    await starts(b);
    b.finish();
    list.resume();
    await starts(a, 2);
    a.finish();
    await until(() => expect(list.resultOf("a")).toBe("a"));
  });

  test("says what went wrong and goes on; a failure can be tried again", async () => {
    const list = new TaskQueue().list<string>();
    const [bad, after] = [held("bad"), held("after")];
    list.want([bad, after]);
    await starts(bad);
    bad.fail("no pooling");
    await starts(after);
    expect(list.progressOf("bad")).toEqual({ stage: "failed", message: "no pooling" });
    after.finish();
    list.again("bad");
    await starts(bad, 2);
    bad.finish();
    await until(() => expect(list.progressOf("bad")).toEqual({ stage: "done" }));
  });

  test("goes on though somebody who listens throws, which is told", async () => {
    const thrown: unknown[] = [];
    const later = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((run) => {
      try {
        run();
      } catch (error) {
        thrown.push(error);
      }
    });
    try {
      const list = new TaskQueue().list<string>();
      let told = 0;
      list.changed.listen(() => {
        throw new Error("no drawing");
      });
      list.changed.listen(() => {
        told++;
      });
      const [first, after] = [held("first"), held("after")];
      list.want([first, after]);
      await starts(first);
      first.finish();
      await starts(after);
      after.finish();
      await until(() => expect(list.progressOf("after")).toEqual({ stage: "done" }));
      expect(list.progressOf("first")).toEqual({ stage: "done" });
      expect(told).toBe(4);
      expect(thrown).toEqual(Array(4).fill(new Error("no drawing")));
    } finally {
      later.mockRestore();
    }
  });

  test("tells each step, and forgets one list without the others", async () => {
    const queue = new TaskQueue();
    const [one, other] = [queue.list<string>(), queue.list<string>()];
    const [a, b] = [held("a"), held("b")];
    const stages: string[] = [];
    one.changed.listen(() => stages.push(one.progressOf("a").stage));
    one.want([a]);
    other.want([b]);
    await starts(a);
    a.progress(0.5);
    a.finish();
    await starts(b);
    expect(stages).toEqual(["working", "working", "done"]);
    one.forget();
    expect([one.resultOf("a"), b.aborted, other.busy]).toEqual([undefined, 0, true]);
    one.want([a]);
    b.finish();
    await starts(a, 2);
    expect(other.resultOf("b")).toBe("b");
    queue.close();
  });

  test("stands still when it is closed", async () => {
    const queue = new TaskQueue();
    const list = queue.list<string>();
    const [a, b] = [held("a"), held("b")];
    list.want([a]);
    await starts(a);
    queue.close();
    expect([a.aborted, queue.busy]).toEqual([1, false]);
    list.want([b]);
    await aWhile();
    expect(b.started).toBe(0);
  });
});
