import { checked, whileAlive } from "./device.ts";
import { InputError, UnsupportedError } from "./errors.ts";
import { assertFields } from "./options.ts";
import { build } from "./scope.ts";

/** A stretch of GPU time to be measured: one pass, or everything between two places in the queue. */
export interface TimerSpan {
  /** Field for the descriptor of a compute or render pass of the caller's: the span is that pass. */
  readonly writes: GPUComputePassTimestampWrites;
  /** Records where a span of several passes or submits begins, outside any pass. */
  begin(encoder: GPUCommandEncoder): void;
  /** Records where it ends; the encoder may be another one, submitted later. */
  end(encoder: GPUCommandEncoder): void;
}

/** Duration of a span. */
export interface Timing {
  readonly label: string;
  /** Start, in nanoseconds of the GPU's clock. */
  readonly begin: number;
  /** Duration; browsers may round the clock to 0.1 ms. */
  readonly nanoseconds: number;
}

/** GPU times by timestamp queries: spans are recorded freely, and all of them read at once. */
export interface Timer {
  /** Number of spans that fit between two reads. */
  readonly capacity: number;
  /**
   * The next span. It must be recorded, both ends, and submitted before `read`.
   * @throws InputError when `capacity` spans were taken since the last read.
   */
  span(label?: string): TimerSpan;
  /** The times of all spans since the last read, in the order in which they were taken; one synchronisation. */
  read(): Promise<Timing[]>;
  destroy(): void;
}

/** The most queries that WebGPU allows in one set, two a span. */
const MOST_SPANS = 2048;

/**
 * Makes a timer of one query set. The caller destroys it.
 * @param options `capacity`: how many spans fit between two reads, 1 to 2048; default 64.
 * @throws UnsupportedError when the device was requested without "timestamp-query"; InputError for a bad capacity.
 */
export async function createTimer(
  device: GPUDevice,
  options: { readonly capacity?: number } = {},
): Promise<Timer> {
  assertFields("timer", options, { capacity: "may" });
  const { capacity = 64 } = options;
  if (!device.features.has("timestamp-query")) {
    throw new UnsupportedError(
      'timer: expected a device with the feature "timestamp-query", got one without; request it where the adapter has it, or measure wall time',
    );
  }
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MOST_SPANS) {
    throw new InputError(`timer: expected a capacity of 1 to ${MOST_SPANS} spans, got ${capacity}`);
  }
  return build(device, "timer", async ({ own }) => {
    const [querySet, resolved, staging] = await checked(device, "timer", () => {
      const size = 2 * capacity * 8;
      const label = "vitrine timer";
      const buffer = (usage: GPUBufferUsageFlags): GPUBuffer =>
        own(device.createBuffer({ label, size, usage }));
      return [
        own(device.createQuerySet({ label, type: "timestamp", count: 2 * capacity })),
        buffer(GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC),
        buffer(GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ),
      ] as const;
    });
    let labels: string[] = [];

    const mark = (encoder: GPUCommandEncoder, index: number): void =>
      // An empty pass writes its timestamps too; the one at its end waits for all work before it.
      encoder
        .beginComputePass({
          label: "vitrine timer",
          timestampWrites: { querySet, endOfPassWriteIndex: index },
        })
        .end();

    return {
      capacity,
      span(label = ""): TimerSpan {
        if (labels.length === capacity) {
          throw new InputError(
            `timer: expected at most ${capacity} spans between reads, got one more; read, or create it larger`,
          );
        }
        const first = 2 * labels.length;
        labels.push(label);
        return {
          writes: { querySet, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 },
          begin: (encoder: GPUCommandEncoder) => mark(encoder, first),
          end: (encoder: GPUCommandEncoder) => mark(encoder, first + 1),
        };
      },
      async read(): Promise<Timing[]> {
        const taken = labels;
        labels = [];
        if (taken.length === 0) return [];
        const bytes = taken.length * 16;
        const encoder = device.createCommandEncoder({ label: "vitrine timer" });
        encoder.resolveQuerySet(querySet, 0, 2 * taken.length, resolved, 0);
        encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
        device.queue.submit([encoder.finish()]);
        await whileAlive(device, "timer", staging.mapAsync(GPUMapMode.READ, 0, bytes));
        const times = new BigUint64Array(staging.getMappedRange(0, bytes).slice(0));
        staging.unmap();
        return taken.map((label, index) => {
          const [begin = 0n, end = 0n] = times.subarray(2 * index, 2 * index + 2);
          return { label, begin: Number(begin), nanoseconds: Number(end - begin) };
        });
      },
    };
  });
}
