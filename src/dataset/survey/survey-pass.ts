import { type Command, recordCommands } from "../../gpu/command.ts";
import { build, type Scope } from "../../gpu/scope.ts";
import { createTensor, readTensors, type Shape, type Tensor } from "../../gpu/tensor.ts";
import { type ChannelCoMoments, createCoMoments, readCoMoments } from "../../kernels/co-moments.ts";
import {
  type ChannelHistogram,
  createHistogram,
  createHistogramBuffers,
  type HistogramBuffers,
  readHistogram,
} from "../../kernels/histogram.ts";
import { createImageStatistics, IMAGE_STATISTICS } from "../../kernels/image-statistics.ts";
import { createStatisticsSummary } from "../../kernels/statistics.ts";
import type { Network } from "../../network/network.ts";

/** What the GPU counts over many batches, of one layer. */
export interface LayerCounts {
  readonly histogram?: ChannelHistogram | undefined;
  readonly comoments?: ChannelCoMoments | undefined;
}

export interface SurveyPassOptions {
  readonly layers: readonly string[];
  /** The layer whose values answer. */
  readonly logits: string;
  readonly bins: number;
  /** Ranges of each layer's channels; without them nothing is counted. */
  readonly ranges?: ReadonlyMap<string, readonly (readonly [number, number])[]> | undefined;
  readonly correlation: boolean;
}

/** The numbers of a batch, read back at once. */
export interface BatchNumbers {
  /** [7, batch, C] of each layer, in order. */
  readonly layers: readonly Float32Array[];
  /** [batch, …] */
  readonly scores: Float32Array;
}

/** One pass of a batch through a network, and the numbers of every layer that it leaves. */
export interface SurveyPass {
  readonly shapes: readonly Shape[];
  /**
   * Submits a batch that stands in the network's input, and begins to read its numbers back: one readback a batch.
   * @param images of the batch that count.
   */
  submit(images: number): Promise<() => Promise<BatchNumbers>>;
  /** Reads what was counted since the last time, and forgets it on the GPU. */
  takeCounts(): Promise<readonly LayerCounts[]>;
  destroy(): void;
}

/** What is counted of a layer, for batches of each number of images. */
interface Counting {
  readonly x: Tensor;
  readonly buffers: HistogramBuffers | undefined;
  readonly comoments: { readonly summary: Tensor<"u32">; readonly comoments: Tensor } | undefined;
}

/** Makes the pass ready: nothing is compiled later, but for the last batch's number of images. */
export function createSurveyPass(network: Network, options: SurveyPassOptions): Promise<SurveyPass> {
  const { device, batch } = network;
  const { layers, logits, bins, ranges, correlation } = options;
  return build(device, "survey", async (scope) => {
    const sites = layers.map((layer) => network.activation(layer));
    const numbers = sites.map((x) => scope.tensor([IMAGE_STATISTICS, batch, x.shape.at(-1) ?? 0]));
    const statistics: Command[] = [];
    for (const [i, x] of sites.entries()) {
      const y = numbers[i];
      if (y) statistics.push(await scope.command(createImageStatistics(device, { x, y, label: layers[i] })));
    }
    const counted = sites.map((x, i): Counting => {
      const own = ranges?.get(layers[i] ?? "");
      return {
        x,
        buffers: own && bins > 0 ? histogramOf(scope, device, bins, own) : undefined,
        comoments: correlation ? comomentsOf(scope, device, x.shape.at(-1) ?? 0) : undefined,
      };
    });
    const commands = new Map<number, readonly Command[]>();
    const commandsFor = async (images: number): Promise<readonly Command[]> => {
      const known = commands.get(images);
      if (known) return known;
      const made: Command[] = [];
      for (const { x, buffers, comoments } of counted) {
        if (buffers) made.push(await scope.command(createHistogram(device, { x, images, ...buffers })));
        if (comoments) made.push(await scope.command(createCoMoments(device, { x, images, ...comoments })));
      }
      commands.set(images, made);
      return made;
    };
    await commandsFor(batch);
    const read = [...numbers, network.activation(logits)];
    return {
      shapes: sites.map(({ shape }) => shape.slice(1)),
      async submit(images) {
        const counting = await commandsFor(images);
        const encoder = device.createCommandEncoder({ label: "vitrine survey" });
        network.forward(encoder, { to: [...layers, logits] });
        recordCommands(encoder, [...statistics, ...counting], { label: "vitrine survey" });
        device.queue.submit([encoder.finish()]);
        const pending = readTensors(device, read);
        // Whoever stops before he asks for them has nothing to fear from a lost device.
        pending.catch(() => {});
        return async () => {
          const all = (await pending) as Float32Array[];
          return { layers: all.slice(0, -1), scores: all.at(-1) ?? new Float32Array() };
        };
      },
      async takeCounts() {
        const counts: LayerCounts[] = [];
        for (const { buffers, comoments } of counted) {
          counts.push({
            histogram: buffers && (await readHistogram(device, buffers)),
            comoments: comoments && (await readCoMoments(device, comoments)),
          });
        }
        const encoder = device.createCommandEncoder({ label: "vitrine survey" });
        for (const { buffers, comoments } of counted) {
          if (buffers) encoder.clearBuffer(buffers.counts.buffer);
          if (comoments) {
            encoder.clearBuffer(comoments.summary.buffer);
            encoder.clearBuffer(comoments.comoments.buffer);
          }
        }
        device.queue.submit([encoder.finish()]);
        return counts;
      },
    };
  });
}

function histogramOf(
  { own }: Pick<Scope, "own">,
  device: GPUDevice,
  bins: number,
  ranges: readonly (readonly [number, number])[],
): HistogramBuffers {
  const buffers = createHistogramBuffers(device, ranges.length, { bins, ranges });
  own(buffers.range.buffer);
  own(buffers.counts.buffer);
  return buffers;
}

function comomentsOf({ own }: Pick<Scope, "own">, device: GPUDevice, channels: number) {
  const summary = createStatisticsSummary(device, channels);
  own(summary.buffer);
  const comoments = createTensor(device, [channels, channels], { label: "survey co-moments" });
  own(comoments.buffer);
  return { summary, comoments };
}
