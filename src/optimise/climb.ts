import { type Command, recordCommands } from "../gpu/command.ts";
import { whileAlive } from "../gpu/device.ts";
import { DivergedError, InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { withScope } from "../gpu/scope.ts";
import { readTensors, type Tensor } from "../gpu/tensor.ts";
import { createFiniteImages, createKeepImages } from "../kernels/ascent.ts";
import { LOOP, type LoopOptions } from "../sampling/batches.ts";
import { type Ascent, RECENT } from "./ascent.ts";

/** Pictures of an ascent that goes on. */
export interface LivePictures {
  /** Number of steps that were taken. */
  readonly step: number;
  /** `[images, H, W, C]`, in the unit of the ascent's pixels. */
  readonly pixels: Float32Array;
}

export interface ClimbOptions extends LoopOptions {
  /** Number of steps to take; an ascent that climbed before goes on from there. */
  readonly steps: number;
  /** Called with pictures of the ascent as it goes on: a few times a second, or as `every` says. The ascent does not wait for it. */
  readonly onPicture?: ((pictures: LivePictures) => void) | undefined;
  /** Gives `onPicture` the pictures after every so many steps, and after the last. Default: a few times a second. */
  readonly every?: number | undefined;
}

const CLIMB: Fields<ClimbOptions> = { ...{ ...LOOP }, steps: "must", onPicture: "may", every: "may" };

/** The end of an ascent. */
export interface Climbed {
  /** `[images, H, W, C]`, in the unit of the ascent's pixels. */
  readonly pixels: Float32Array;
  /** For each image its objective in every step of this climb, before the step's update. */
  readonly curves: readonly Float32Array[];
}

/** Time that a submit should take, so that a page stays smooth and a stop is prompt, in ms. */
const SUBMIT = 60;
/** Time between pictures that are shown while somebody watches, in ms. */
const WATCH = 250;

/**
 * Runs an ascent. Steps are submitted in batches that take about 60 ms; the next is under way while the values of the last are
 * read, so that nothing waits. An ascent that is stopped can be taken up again with another call, and comes to the same bits.
 * @throws the signal's reason; DivergedError with the last good pixels when an objective or a pixel becomes NaN or infinite;
 * InputError for options out of range; DeviceLostError.
 */
export function climb(ascent: Ascent, options: ClimbOptions): Promise<Climbed> {
  assertFields("climb", options, CLIMB);
  const { steps, every, signal } = options;
  for (const [name, count] of Object.entries({ steps, every })) {
    if (count !== undefined && !(Number.isSafeInteger(count) && count >= 1)) {
      throw new InputError(`climb: expected ${name} of at least 1, got ${count}`);
    }
  }
  signal?.throwIfAborted();
  const { device } = ascent.network;
  const { pixels } = ascent.image;
  return withScope(device, "climb", async ({ tensor, command }) => {
    const finite = tensor([ascent.images], { dtype: "u32", label: "finite images" });
    const kept = tensor(pixels.shape, { label: "last good pixels" });
    const guard = [
      await command(createFiniteImages(device, { values: ascent.values, x: pixels, finite })),
      await command(createKeepImages(device, { finite, x: pixels, kept })),
    ];
    return run(ascent, options, { finite, kept, guard });
  });
}

interface Guard {
  readonly finite: Tensor<"u32">;
  readonly kept: Tensor;
  readonly guard: readonly Command[];
}

async function run(
  ascent: Ascent,
  { steps, every, signal, onProgress, onPicture }: ClimbOptions,
  { finite, kept, guard }: Guard,
): Promise<Climbed> {
  const { device, graph } = ascent.network;
  const { pixels } = ascent.image;
  const first = ascent.steps;
  const end = first + steps;
  const curves = Array.from({ length: ascent.images }, () => new Float32Array(steps));

  const submit = (count: number): void => {
    const encoder = device.createCommandEncoder({ label: "vitrine ascent" });
    if (ascent.steps === 0) ascent.recordStart(encoder);
    for (let k = 0; k < count; k++) ascent.recordStep(encoder, end);
    // The pixels are still those whose objective was taken.
    recordCommands(encoder, guard);
    device.queue.submit([encoder.finish()]);
  };
  const readPixels = async (): Promise<Float32Array> => {
    const encoder = device.createCommandEncoder({ label: "vitrine ascent" });
    ascent.recordPixels(encoder);
    device.queue.submit([encoder.finish()]);
    const [values] = await readTensors(device, [pixels]);
    return values as Float32Array;
  };
  /** Takes in what the last steps gave. */
  const take = async (from: number, to: number): Promise<void> => {
    const [recent, good] = await readTensors(device, [ascent.recent, finite]);
    for (let step = from; step < to; step++) {
      for (const [n, curve] of curves.entries()) {
        curve[step - first] = (recent as Float32Array)[(step % RECENT) * ascent.images + n] ?? 0;
      }
    }
    const lost = [...(good as Uint32Array)].indexOf(0);
    if (lost < 0) return;
    const [last] = await readTensors(device, [kept]);
    throw diverged(lost, curves[lost]?.subarray(0, to - first) ?? [], first, last as Float32Array);
  };

  // One batch of steps is on the device while the one before is read: nothing waits, and a stop is prompt.
  let size = 1;
  let watched = performance.now();
  let finished = performance.now();
  let before: Promise<unknown> = Promise.resolve();
  let taken: Promise<unknown> = before;
  try {
    while (ascent.steps < end) {
      const from = ascent.steps;
      const next = every ? Math.ceil((from + 1) / every) * every : Number.POSITIVE_INFINITY;
      submit(Math.min(size, end - from, next - from));
      const to = ascent.steps;
      const due = every ? to === next || to === end : performance.now() - watched > WATCH;
      const shown = onPicture && due ? readPixels() : undefined;
      if (shown) watched = performance.now();
      taken = take(from, to).then(async () => {
        const now = performance.now();
        const ideal = ((to - from) * SUBMIT) / Math.max(0.1, now - finished);
        size = Math.max(1, Math.min(RECENT, 2 * size, Math.round(ideal)));
        finished = now;
        signal?.throwIfAborted();
        onProgress?.((to - first) / steps);
        const picture = await shown;
        if (picture) onPicture?.({ step: to, pixels: picture });
      });
      // Whoever fails is heard of when it is waited for.
      for (const promise of [taken, shown]) promise?.catch(() => {});
      await whileAlive(device, graph.name, before);
      before = taken;
    }
    await whileAlive(device, graph.name, taken);
  } finally {
    await whileAlive(device, graph.name, Promise.allSettled([before, taken]));
  }
  return { pixels: await readPixels(), curves };
}

function diverged(
  image: number,
  curve: ArrayLike<number>,
  first: number,
  pixels: Float32Array,
): DivergedError {
  const step = Array.from(curve).findIndex((value) => !Number.isFinite(value));
  const what =
    step < 0
      ? `a pixel of image ${image} became NaN or infinite by step ${first + curve.length}`
      : `the objective of image ${image} became ${curve[step]} in step ${first + step}`;
  return new DivergedError(
    `climb: expected finite numbers, but ${what}; use a smaller rate, or another start`,
    pixels,
  );
}
