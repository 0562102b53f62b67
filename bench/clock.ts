import { isSoftwareAdapter } from "../src/index.ts";
import { createTimer, type Timer } from "../src/kernels.ts";

/** One measurement: milliseconds of the GPU where it has timestamps, of the wall, and of the CPU until all was submitted. */
export interface Sample {
  readonly gpu: number | undefined;
  readonly wall: number;
  readonly submit: number;
}

/** Measures work on one device by two clocks. */
export interface Clock {
  /** Step of the GPU's clock in nanoseconds; undefined where it has none. */
  readonly quantum: number | undefined;
  /** The shortest span, in milliseconds, that is worth measuring: fifty steps of the clock. */
  readonly shortest: number;
  /** Measures what `work` submits, from the first to the last of it, and waits for it. */
  wall(work: () => void | Promise<void>): Promise<number>;
  /** The same by both clocks; the GPU's is read later, by `read`. */
  sample(work: () => void | Promise<void>): Promise<{ readonly wall: number }>;
  /** All samples since the last read. */
  read(): Promise<Sample[]>;
  destroy(): void;
}

const CAPACITY = 1024;
/** A span must also be long beside the marks at its ends and, where cores are shared, beside what others do in between. */
const SHORTEST_MS = { hardware: 4, software: 16 };

/** Makes the clock of a device; marks in the queue time whatever anybody submits between them, peers as well. */
export async function createClock(device: GPUDevice): Promise<Clock> {
  const timer = device.features.has("timestamp-query")
    ? await createTimer(device, { capacity: CAPACITY })
    : undefined;
  const quantum = timer && (await quantumOf(device, timer));
  let taken: Omit<Sample, "gpu">[] = [];

  const mark = (record: (encoder: GPUCommandEncoder) => void): void => {
    const encoder = device.createCommandEncoder();
    record(encoder);
    device.queue.submit([encoder.finish()]);
  };
  const wall: Clock["wall"] = async (work) => {
    const start = performance.now();
    await work();
    await device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
  return {
    quantum,
    shortest: Math.max(
      SHORTEST_MS[isSoftwareAdapter(device) ? "software" : "hardware"],
      (50 * (quantum ?? 0)) / 1e6,
    ),
    wall,
    async sample(work) {
      const span = timer?.span();
      if (span) mark((encoder) => span.begin(encoder));
      const start = performance.now();
      await work();
      const submit = performance.now() - start;
      if (span) mark((encoder) => span.end(encoder));
      await device.queue.onSubmittedWorkDone();
      const sample = { wall: performance.now() - start, submit };
      taken.push(sample);
      return sample;
    },
    async read() {
      const timings = (await timer?.read()) ?? [];
      const samples = taken.map((times, index) => {
        const { nanoseconds } = timings[index] ?? {};
        // A clock that stands still or runs backwards is no clock.
        return { ...times, gpu: nanoseconds && nanoseconds > 0 ? nanoseconds / 1e6 : undefined };
      });
      taken = [];
      return samples;
    },
    destroy: () => timer?.destroy(),
  };
}

/** The step in which the clock counts: the greatest common divisor of many of its readings. */
async function quantumOf(device: GPUDevice, timer: Timer): Promise<number> {
  for (let index = 0; index < 32; index++) {
    const span = timer.span();
    const encoder = device.createCommandEncoder();
    span.begin(encoder);
    span.end(encoder);
    device.queue.submit([encoder.finish()]);
  }
  const timings = await timer.read();
  const first = timings[0]?.begin ?? 0;
  const steps = timings.flatMap(({ begin, nanoseconds }) => [begin - first, nanoseconds]);
  const step = steps.filter((value) => value > 0).reduce((a, b) => divisor(a, b), 0);
  return step || 1;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
