import { getEventListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BrokenPicture, type Source, type SourceItem, sourceOf } from "../../src/dataset.ts";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";

const grey = (level: number) => ({ width: 1, height: 1, data: new Uint8Array(3).fill(level) });

/** Pictures that say their number, and what was done to the source. */
function counted(count: number, load: (i: number, signal: AbortSignal) => Promise<void> = async () => {}) {
  const seen = { open: 0, loading: 0, most: 0, loads: [] as number[] };
  const source = sourceOf({
    name: "greys",
    count,
    identity: () => ["greys", count],
    async *items(signal): AsyncGenerator<SourceItem> {
      seen.open++;
      try {
        for (let i = 0; i < count; i++) {
          yield {
            id: `${i}`,
            label: i % 2 ? "odd" : "even",
            async load() {
              seen.loads.push(i);
              seen.most = Math.max(seen.most, ++seen.loading);
              try {
                await load(i, signal);
                return grey(i);
              } finally {
                seen.loading--;
              }
            },
          };
        }
      } finally {
        seen.open--;
      }
    },
  });
  return { source, seen };
}

async function all(source: Source, options = {}): Promise<number[]> {
  const indices: number[] = [];
  for await (const { index, id, pixels, label } of source.read(options)) {
    expect([id, pixels.data[0], label]).toEqual([`${index}`, index % 256, index % 2 ? "odd" : "even"]);
    indices.push(index);
  }
  return indices;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test("pictures come in order, whichever is decoded first; at once are decoded the next and those ahead of it", async () => {
  const { source, seen } = counted(40, (i) => delay((i * 7) % 5));
  expect(await all(source, { ahead: 4 })).toEqual(upTo(40));
  expect(seen.most).toBe(5);
  expect(seen).toMatchObject({ open: 0, loading: 0 });
});

test("while one picture is used, as many as `ahead` are decoded", async () => {
  const { source, seen } = counted(40);
  const reading = source.read({ ahead: 3 })[Symbol.asyncIterator]();
  await reading.next();
  await delay(5);
  expect(seen.loads).toEqual([0, 1, 2, 3]);
  await reading.return?.();
  expect(seen.open).toBe(0);
});

test("shards are the whole together, whatever their number, and shards of shards too", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 9 }),
      async (count, n, m, ahead) => {
        const { source } = counted(count);
        const parts: number[] = [];
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < m; j++) {
            const shard = source.shard(i, n).shard(j, m);
            const own = await all(shard, { ahead });
            expect(own.length).toBe(shard.count);
            expect(own.every((index) => index % n === i && Math.floor(index / n) % m === j)).toBe(true);
            parts.push(...own);
          }
        }
        expect(parts.sort((a, b) => a - b)).toEqual(upTo(count));
      },
    ),
    { numRuns: 60 },
  );
});

test("a reading may begin at any picture, and decodes none before it", async () => {
  const { source, seen } = counted(20);
  expect(await all(source.shard(1, 3), { from: 3 })).toEqual([10, 13, 16, 19]);
  expect(seen.loads).toEqual([10, 13, 16, 19]);
  expect(await all(source, { from: 20 })).toEqual([]);
});

test("two readers at once each get the whole", async () => {
  const { source } = counted(25, () => delay(1));
  const [a, b] = await Promise.all([all(source), all(source, { ahead: 2 })]);
  expect([a, b]).toEqual([upTo(25), upTo(25)]);
});

test("a broken picture is told of in its turn and passed over", async () => {
  const { source, seen } = counted(12, async (i) => {
    if (i % 5 === 2) throw new InputError(`image "${i}": expected a picture, got soup`);
  });
  const broken: BrokenPicture[] = [];
  const used: number[] = [];
  for await (const { index } of source.read({ onBroken: (one) => broken.push(one) })) {
    expect(broken.every((one) => one.index < index)).toBe(true);
    used.push(index);
  }
  expect(used).toEqual([0, 1, 3, 4, 5, 6, 8, 9, 10, 11]);
  expect(broken.map(({ id, index, error }) => [id, index, error.message])).toEqual([
    ["2", 2, 'image "2": expected a picture, got soup'],
    ["7", 7, 'image "7": expected a picture, got soup'],
  ]);
  await expect(all(source)).rejects.toThrow(
    /^data set "greys": expected pictures that can be read, got a broken one, "2": image "2": .*soup; onBroken/,
  );
  expect(seen.open).toBe(0);
});

test("what no other picture can help ends the reading: a missing decoder", async () => {
  const { source } = counted(5, async () => {
    throw new UnsupportedError("images: expected the package, found none");
  });
  await expect(all(source, { onBroken: () => {} })).rejects.toBeInstanceOf(UnsupportedError);
});

test("pixels that do not fit their size are broken", async () => {
  const source = sourceOf({
    name: "wrong",
    identity: () => 0,
    items: () => [{ id: "a", load: async () => ({ width: 2, height: 2, data: new Uint8Array(3) }) }],
  });
  await expect(all(source)).rejects.toThrow(/"a": image: expected 12 values for 2×2 RGB, got 3/);
});

test("a source that fails between pictures fails after those before", async () => {
  const source = sourceOf({
    name: "torn",
    identity: () => 0,
    async *items(): AsyncGenerator<SourceItem> {
      yield { id: "0", label: "even", load: async () => grey(0) };
      throw new InputError('data set "torn": expected an archive that is whole');
    },
  });
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { id } of source) seen.push(id);
  })();
  await expect(reading).rejects.toThrow('data set "torn": expected an archive that is whole');
  expect(seen).toEqual(["0"]);
});

test("a signal stops at once, and leaves nothing open and nobody listening", async () => {
  const { source, seen } = counted(1000, (i) => (i < 3 ? Promise.resolve() : delay(20)));
  const control = new AbortController();
  const used: number[] = [];
  const reading = (async () => {
    for await (const { index } of source.read({ signal: control.signal })) {
      used.push(index);
      if (index === 2) setTimeout(() => control.abort(new Error("enough")), 2);
    }
  })();
  await expect(reading).rejects.toThrow("enough");
  expect(used).toEqual([0, 1, 2]);
  expect(seen.loads.length).toBeLessThan(20);
  expect(seen).toMatchObject({ open: 0, loading: 0 });
  expect(getEventListeners(control.signal, "abort")).toEqual([]);
  await expect(all(source, { signal: control.signal })).rejects.toThrow("enough");
  expect(seen.open).toBe(0);
});

test("whoever leaves the loop early leaves nothing open, and no rejection that nobody hears", async () => {
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => unheard.push(reason);
  process.on("unhandledRejection", hear);
  const control = new AbortController();
  const { source, seen } = counted(50, async (i) => {
    await delay(1);
    if (i > 0) throw new Error("late");
  });
  for await (const { index } of source.read({ signal: control.signal })) {
    expect(index).toBe(0);
    break;
  }
  expect(seen).toMatchObject({ open: 0, loading: 0 });
  expect(getEventListeners(control.signal, "abort")).toEqual([]);
  await delay(10);
  process.off("unhandledRejection", hear);
  expect(unheard).toEqual([]);
});

test("a callback that throws ends the reading with its error", async () => {
  const { source, seen } = counted(5, async () => {
    throw new Error("broken");
  });
  const onBroken = () => {
    throw new Error("full");
  };
  await expect(all(source, { onBroken })).rejects.toThrow("full");
  expect(seen.open).toBe(0);
});

test("the digest is that of what a source is", async () => {
  const digest = await counted(5).source.digest();
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(await counted(5).source.digest()).toBe(digest);
  expect(await counted(5).source.shard(0, 1).digest()).toBe(digest);
  const { source } = counted(5);
  const others = [counted(6).source, source.shard(0, 2), source.shard(1, 2)];
  const digests = await Promise.all(others.map((one) => one.digest()));
  expect(new Set([digest, ...digests]).size).toBe(4);
});

test.each([
  [{ ahead: 0 }, /ahead to be a whole number of 1 to 1024, got 0/],
  [{ ahead: 1.5 }, /ahead/],
  [{ from: -1 }, /from to be a whole number of 0 or more, got -1/],
  [{ onBroken: 5 }, /onBroken to be a function, got 5/],
  [{ signal: new AbortController() }, /signal/],
  [{ behind: 3 }, /got "behind"/],
])("a reading refuses %j", (options, message) => {
  expect(() => counted(2).source.read(options as never)).toThrow(message);
});

test.each([
  [2, 2],
  [-1, 2],
  [0, 0],
  [0.5, 2],
  [0, Number.NaN],
])("there is no shard %d of %d", (i, n) => {
  expect(() => counted(2).source.shard(i, n)).toThrow(/expected shard i of n with i of 0 to n−1, got shard/);
});
