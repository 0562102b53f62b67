import { type Command, recordCommands } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { all, build } from "../gpu/scope.ts";
import type { Tensor } from "../gpu/tensor.ts";
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
  /** Permitted numbers of images in a batch, whole numbers of 1 to N. Default N alone. */
  readonly batches?: readonly number[] | undefined;
  /** Count histograms as well; their range must be given. */
  readonly histogram?:
    | (HistogramOptions & { readonly range: readonly [min: number, max: number] })
    | undefined;
  /** Keep the largest values as well. */
  readonly top?: TopKOptions | undefined;
  /** Gather what channels' correlation needs as well. Default false. */
  readonly correlation?: boolean | undefined;
}

const STREAM: Fields<StatisticsStreamOptions> = {
  ...{ batches: "may", histogram: "may", top: "may", correlation: [true, false] },
};

/** Results of a stream, as plain data: see `mergeStatistics` and its kin. */
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
 * @example
 * ```ts
 * import { createStatisticsStream } from "vitrine/dataset";
 *
 * const stream = await createStatisticsStream(device, network.activation("conv3_3"));
 * for (const input of [image, image.toReversed()]) {
 *   device.queue.writeBuffer(network.input.buffer, 0, input);
 *   const encoder = device.createCommandEncoder();
 *   network.forward(encoder);
 *   stream.add(encoder);
 *   device.queue.submit([encoder.finish()]);
 * }
 * const { statistics } = await stream.read();
 * console.log(statistics.count); // 288
 * stream.destroy();
 * ```
 */
export async function createStatisticsStream(
  device: GPUDevice,
  x: Tensor,
  options: StatisticsStreamOptions = {},
): Promise<StatisticsStream> {
  assertFields("statistics stream", options, STREAM);
  const [most = 0] = x.shape;
  const channels = x.shape.at(-1) ?? 0;
  return build(device, "statistics stream", async ({ own, tensor, command }) => {
    const owned = <T extends Tensor>(made: T): T => {
      own(made.buffer);
      return made;
    };
    const summary = owned(createStatisticsSummary(device, channels));
    const comoments = options.correlation ? tensor([channels, channels]) : undefined;
    const histogram = options.histogram && createHistogramBuffers(device, channels, options.histogram);
    if (histogram) for (const made of [histogram.range, histogram.counts]) owned(made);
    const top = options.top && owned(createTopKBuffer(device, channels, options.top.k));
    const gathered = [summary, comoments, histogram?.counts, top].filter((made) => made !== undefined);
    const commands = new Map<number, Command[]>();
    for (const images of new Set(options.batches ?? [most])) {
      const site = { x, images };
      commands.set(
        images,
        await all([
          command(
            comoments
              ? createCoMoments(device, { ...site, summary, comoments })
              : createStatistics(device, { ...site, summary }),
          ),
          ...(histogram ? [command(createHistogram(device, { ...site, ...histogram }))] : []),
          ...(top ? [command(createTopK(device, { ...site, ...options.top, top }))] : []),
        ]),
      );
    }
    return {
      add(encoder: GPUCommandEncoder, images = most) {
        const list = commands.get(images);
        if (!list) {
          throw new InputError(
            `statistics stream: expected a batch of ${[...commands.keys()].join(" or ")} images, got ${images}; announce it in "batches"`,
          );
        }
        recordCommands(encoder, list, { label: "vitrine statistics" });
      },
      clear(encoder: GPUCommandEncoder) {
        for (const { buffer } of gathered) encoder.clearBuffer(buffer);
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
    };
  });
}
