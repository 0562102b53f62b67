import { InputError } from "../gpu/errors.ts";
import { type Command, record } from "../gpu/kernel.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import { type ChannelCoMoments, createCoMoments, readCoMoments } from "../kernels/co-moments.ts";
import {
  type ChannelHistogram,
  createHistogram,
  createHistogramBuffers,
  type HistogramOptions,
  readHistogram,
} from "../kernels/histogram.ts";
import {
  type ChannelStatistics,
  createStatistics,
  createStatisticsSummary,
  readStatistics,
} from "../kernels/statistics.ts";
import { createTopK, createTopKBuffer, readTopK, type TopK, type TopKOptions } from "../kernels/top-k.ts";

export interface StatisticsStreamOptions {
  /** How many images a batch may hold, each a whole number of 1 to N. Default N alone. */
  readonly batches?: readonly number[];
  /** Count histograms as well; their range must be given. */
  readonly histogram?: HistogramOptions & { readonly range: readonly [min: number, max: number] };
  /** Keep the largest values as well. */
  readonly top?: TopKOptions;
  /** Gather what channels' correlation needs as well. Default false. */
  readonly correlation?: boolean;
}

const STREAM: Fields<StatisticsStreamOptions> = {
  ...{ batches: "may", histogram: "may", top: "may", correlation: [true, false] },
};

/** What a stream has seen, as plain data: see `mergeStatistics` and its kin. */
export interface StatisticsReport {
  readonly statistics: ChannelStatistics;
  readonly histogram?: ChannelHistogram;
  readonly top?: TopK;
  readonly comoments?: ChannelCoMoments;
}

/** Statistics of activations over a data set: record one `add` a batch, read once at the end. */
export interface StatisticsStream {
  /**
   * Records the merging of what `x` holds then. @param images how many images of it count. Default N.
   * @throws InputError when that number was not announced.
   */
  add(encoder: GPUCommandEncoder, images?: number): void;
  /** Records forgetting everything. */
  clear(encoder: GPUCommandEncoder): void;
  read(): Promise<StatisticsReport>;
  destroy(): void;
}

/**
 * Makes the gathering of statistics over a data set ready to record: everything stays on the GPU until `read`.
 * @param x activations [N, …, C], for example `network.activation("conv5")`.
 * @throws InputError when an option cannot be.
 */
export async function createStatisticsStream(
  device: GPUDevice,
  x: Tensor,
  options: StatisticsStreamOptions = {},
): Promise<StatisticsStream> {
  assertFields("statistics stream", options, STREAM);
  const [most = 0] = x.shape;
  const channels = x.shape.at(-1) ?? 0;
  const owned: Tensor[] = [];
  const own = <T extends Tensor>(tensor: T): T => {
    owned.push(tensor);
    return tensor;
  };
  const commands = new Map<number, Command[]>();
  const free = (): void => {
    for (const list of commands.values()) for (const command of list) command.destroy();
    for (const { buffer } of owned) buffer.destroy();
  };
  try {
    const summary = own(createStatisticsSummary(device, channels));
    const comoments = options.correlation ? own(createTensor(device, [channels, channels])) : undefined;
    const histogram = options.histogram && createHistogramBuffers(device, channels, options.histogram);
    if (histogram) for (const tensor of [histogram.range, histogram.counts]) own(tensor);
    const top = options.top && own(createTopKBuffer(device, channels, options.top.k));
    for (const images of new Set(options.batches ?? [most])) {
      const site = { x, images };
      const list: Command[] = [];
      commands.set(images, list);
      if (comoments) list.push(await createCoMoments(device, { ...site, summary, comoments }));
      else list.push(await createStatistics(device, { ...site, summary }));
      if (histogram) list.push(await createHistogram(device, { ...site, ...histogram }));
      if (top) list.push(await createTopK(device, { ...site, ...options.top, top }));
    }
    return {
      add(encoder, images = most) {
        const list = commands.get(images);
        if (!list) {
          throw new InputError(
            `statistics stream: expected a batch of ${[...commands.keys()].join(" or ")} images, got ${images}; announce it in "batches"`,
          );
        }
        record(encoder, list, { label: "vitrine statistics" });
      },
      clear(encoder) {
        for (const tensor of owned) {
          if (tensor !== histogram?.range) encoder.clearBuffer(tensor.buffer);
        }
      },
      async read() {
        const [statistics, counted, kept, together] = await Promise.all([
          readStatistics(device, summary),
          histogram && readHistogram(device, histogram),
          top && readTopK(device, top, x.shape, options.top),
          comoments && readCoMoments(device, { summary, comoments }),
        ]);
        return {
          statistics,
          ...(counted ? { histogram: counted } : {}),
          ...(kept ? { top: kept } : {}),
          ...(together ? { comoments: together } : {}),
        };
      },
      destroy: free,
    };
  } catch (error) {
    free();
    throw error;
  }
}
