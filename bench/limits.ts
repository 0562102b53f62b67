import type { Clock } from "./clock.ts";
import { type Dispatch, dispatchOf } from "./dispatch.ts";
import copyShader from "./shaders/copy.wgsl";
import fmaShader from "./shaders/fma.wgsl";
import halfShader from "./shaders/fma_f16.wgsl";

/** What the device can do at most, measured by kernels that do nothing else. */
export interface Limits {
  /** Bytes read and written a second by a copy, in 10⁹. */
  readonly copy: number;
  /** Operations a second by multiply-adds in registers, in 10⁹. */
  readonly f32: number;
  /** The same in half precision, where the device has it. */
  readonly f16?: number;
}

/** Larger than a large GPU's caches; a software adapter's time is better spent elsewhere. */
const COPY_BYTES = { hardware: 2 ** 28, software: 2 ** 26 };
const THREADS = { hardware: 2 ** 20, software: 2 ** 13 };
const ROUNDS = 256;
const SAMPLES = 5;

/** The better of two measurements of the same device: whatever else a machine does only makes it seem slower. */
export function better(a: Limits, b: Limits): Limits {
  const f16 = Math.max(a.f16 ?? 0, b.f16 ?? 0);
  return { copy: Math.max(a.copy, b.copy), f32: Math.max(a.f32, b.f32), ...(f16 > 0 ? { f16 } : {}) };
}

/** Measures a device's limits, each as the best of several variants. A few seconds. */
export async function measureLimits(device: GPUDevice, clock: Clock, software: boolean): Promise<Limits> {
  const size = software ? "software" : "hardware";
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const bytes = Math.min(COPY_BYTES[size], maxBufferSize, maxStorageBufferBindingSize);
  const threads = THREADS[size];
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const [x, y] = [1, 2].map(() => device.createBuffer({ size: bytes, usage }));
  if (!x || !y) throw new Error("limits: no buffers");
  // A page that was never written costs a software adapter nothing to read.
  const piece = new Float32Array(2 ** 20).map((_, index) => (index % 97) + 1);
  for (let at = 0; at + piece.byteLength <= bytes; at += piece.byteLength)
    device.queue.writeBuffer(x, at, piece);

  const best = async (amount: number, dispatches: readonly Dispatch[]): Promise<number> => {
    const rates: number[] = [];
    for (const dispatch of dispatches) rates.push(amount / (await fastest(device, clock, dispatch)) / 1e6);
    return Math.max(...rates);
  };
  try {
    const count = bytes / 16;
    const copies = [1, 4].map((each) =>
      dispatchOf(device, copyShader.code, {
        constants: { EACH: each },
        params: new Uint32Array([count, 0, 0, 0]),
        buffers: [x, y],
        workgroups: Math.ceil(count / (256 * each)),
      }),
    );
    const params = new ArrayBuffer(16);
    new Uint32Array(params).set([ROUNDS]);
    new Float32Array(params).set([0.5, 1.5], 1);
    const chains = [1, 2, 4, 8];
    const fma = async (code: string): Promise<number> => {
      const rates: number[] = [];
      for (const chain of chains) {
        const dispatch = dispatchOf(device, code, {
          constants: { CHAINS: chain },
          params: new Uint32Array(params),
          buffers: [y],
          workgroups: threads / 256,
        });
        rates.push(await best(threads * ROUNDS * 4 * chain * 8, [dispatch]));
      }
      return Math.max(...rates);
    };
    const copy = await best(2 * bytes, copies);
    const f32 = await fma(fmaShader.code);
    if (!device.features.has("shader-f16")) return { copy, f32 };
    return { copy, f32, f16: await fma(halfShader.code) };
  } finally {
    x.destroy();
    y.destroy();
  }
}

/** Milliseconds of a dispatch at its best, repeated within one submit until the clock can tell. */
async function fastest(device: GPUDevice, clock: Clock, dispatch: Dispatch): Promise<number> {
  const submit = (times: number) => (): void => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let index = 0; index < times; index++) dispatch(pass);
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
  await clock.wall(submit(1));
  const times = Math.max(1, Math.ceil(clock.shortest / (await clock.wall(submit(1)))));
  for (let index = 0; index < SAMPLES; index++) await clock.sample(submit(times));
  const samples = await clock.read();
  return Math.min(...samples.map(({ gpu, wall }) => gpu ?? wall)) / times;
}
