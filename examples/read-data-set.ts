/**
 * How fast a data set is read and decoded, and in how much memory.
 *
 *     node build/run.mjs examples/read-data-set.ts NAME [AHEAD]
 */
import { performance } from "node:perf_hooks";
import { openSource } from "vitrine/node";

const MB = 2 ** 20;

export async function main([name = "test/golden/data-files/shard-{000..001}.tar", ahead = "8"]: string[]) {
  const source = await openSource(name);
  const broken: string[] = [];
  let count = 0;
  let most = 0;
  const begun = performance.now();
  for await (const _ of source.read({ ahead: Number(ahead), onBroken: ({ id }) => broken.push(id) })) {
    count++;
    const { rss, heapUsed } = process.memoryUsage();
    most = Math.max(most, rss);
    if (count % 2000 === 0) {
      console.log(`${count}: ${Math.round(rss / MB)} MB, ${Math.round(heapUsed / MB)} of them the heap's`);
    }
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${source.name}: ${count} pictures, ${broken.length} broken, ${Math.round(count / seconds)} pictures/s, ${Math.round(most / MB)} MB at most`,
  );
}
