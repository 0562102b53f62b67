// Statistics of activations over a data set in two shards, everything on the GPU until the end of each:
//   node examples/statistics.ts

import { createStatisticsStream, mergeStatistics, varianceOf } from "vitrine/dataset";
import { createGpu, createTensor, requestDevice } from "vitrine/node";

const device = await requestDevice(await createGpu());
const x = createTensor(device, [4, 2, 2, 1]);

const shard = async (firstImage: number, images: number) => {
  const stream = await createStatisticsStream(device, x, {
    batches: [4, images % 4],
    histogram: { bins: 5, range: [0, 10] },
    top: { k: 3, perImage: true, firstImage },
  });
  for (let first = firstImage; first < firstImage + images; first += 4) {
    const some = Math.min(4, firstImage + images - first);
    // A network would write its activations here: each image shows its own number, and a zero.
    const data = Float32Array.from({ length: 16 }, (_, i) => (i % 4 === 3 ? 0 : first + Math.floor(i / 4)));
    device.queue.writeBuffer(x.buffer, 0, data);
    const encoder = device.createCommandEncoder();
    stream.add(encoder, some);
    device.queue.submit([encoder.finish()]);
  }
  const report = await stream.read();
  stream.destroy();
  return report;
};

const [a, b] = [await shard(0, 6), await shard(6, 5)];
const whole = mergeStatistics(a.statistics, b.statistics);
console.log(`values ${whole.count}, zeros ${whole.zeros}, largest ${whole.max}`);
console.log(`mean ${whole.mean[0]?.toFixed(3)}, variance ${varianceOf(whole)[0]?.toFixed(3)}`);
console.log(`first shard's histogram ${a.histogram?.counts[0]?.join(" ")}`);
console.log(`second shard's top images ${b.top?.channels[0]?.map(({ image }) => image).join(" ")}`);
x.buffer.destroy();
