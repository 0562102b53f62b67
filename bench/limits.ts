import type { Work } from "./case.ts";
import type { Clock } from "./clock.ts";
import { type Dispatch, dispatchOf } from "./dispatch.ts";
import copyShader from "./shaders/copy.wgsl";
import fmaShader from "./shaders/fma.wgsl";
import halfShader from "./shaders/fma_f16.wgsl";

/** Limits of the device, measured by kernels that do nothing else. */
export interface Limits {
  /** Bytes read and written a second by a copy, in 10⁹. */
  readonly copy: number;
  /** Operations a second by multiply-adds in registers, in 10⁹. */
  readonly f32: number;
  /** The same in half precision, where the device has it. */
  readonly f16?: number | undefined;
}

/** Larger than the caches of a large GPU, and of most processors. */
const COPY_BYTES = { hardware: 2 ** 28, software: 2 ** 25 };
const THREADS = { hardware: 2 ** 20, software: 2 ** 13 };
const ROUNDS = 256;
const SAMPLES = 5;

/** Bound of work: multiply-adds, or bytes. */
export type Bound = "arithmetic" | "bytes";

/** The limits of a device, and how to measure them again beside something else. */
export interface LimitProbes {
  /** As measured alone, each as the best of several variants. */
  readonly limits: Limits;
  /** Submits the kernel that came nearest to a limit, as often as the clock needs to tell. */
  submit(bound: Bound): void;
  /** 10⁹ operations or bytes a second, when that submission took so many milliseconds. */
  rate(bound: Bound, milliseconds: number): number;
  destroy(): void;
}

/** Limit that work meets first, and the least seconds that it then takes. */
export function leastTime({ flops, bytes }: Work, { f32, copy }: Limits): { by: Bound; seconds: number } {
  const [arithmetic, moving] = [flops / (f32 * 1e9), bytes / (copy * 1e9)];
  return arithmetic > moving ? { by: "arithmetic", seconds: arithmetic } : { by: "bytes", seconds: moving };
}

/** A kernel that does nothing but one thing, and how much of that. */
interface Probe {
  readonly amount: number;
  readonly dispatch: Dispatch;
  /** Milliseconds at its best. */
  readonly least: number;
}

/** Measures a device's limits, and keeps the kernels that reached them. A few seconds. */
export async function createLimitProbes(
  device: GPUDevice,
  clock: Clock,
  software: boolean,
): Promise<LimitProbes> {
  const size = software ? "software" : "hardware";
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const bytes = Math.min(COPY_BYTES[size], maxBufferSize, maxStorageBufferBindingSize);
  const threads = THREADS[size];
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const [x, y] = [1, 2].map(() => device.createBuffer({ label: "limits", size: bytes, usage }));
  if (!x || !y) throw new Error("limits: no buffers");
  // A page that was never written costs a software adapter nothing to read.
  const piece = new Float32Array(2 ** 20).map((_, index) => (index % 97) + 1);
  for (let at = 0; at + piece.byteLength <= bytes; at += piece.byteLength)
    device.queue.writeBuffer(x, at, piece);

  const best = async (variants: readonly Omit<Probe, "least">[]): Promise<Probe> => {
    const probes: Probe[] = [];
    for (const variant of variants)
      probes.push({ ...variant, least: await fastest(device, clock, variant.dispatch) });
    return probes.reduce((a, b) => (rateOf(b) > rateOf(a) ? b : a));
  };
  const count = bytes / 16;
  const copies = [1, 4].map((each) => ({
    amount: 2 * bytes,
    dispatch: dispatchOf(device, copyShader.code, {
      constants: { EACH: each },
      params: new Uint32Array([count, 0, 0, 0]),
      buffers: [x, y],
      workgroups: Math.ceil(count / (256 * each)),
    }),
  }));
  const params = new ArrayBuffer(16);
  new Uint32Array(params).set([ROUNDS]);
  new Float32Array(params).set([0.5, 1.5], 1);
  const products = (code: string) =>
    [1, 2, 4, 8].map((chains) => ({
      amount: threads * ROUNDS * 4 * chains * 8,
      dispatch: dispatchOf(device, code, {
        constants: { CHAINS: chains },
        params: new Uint32Array(params),
        buffers: [y],
        workgroups: threads / 256,
      }),
    }));
  const free = (): void => {
    x.destroy();
    y.destroy();
  };
  try {
    const probes = { bytes: await best(copies), arithmetic: await best(products(fmaShader.code)) };
    const times = (bound: Bound): number => Math.max(1, Math.ceil(clock.shortest / probes[bound].least));
    const f16 = device.features.has("shader-f16") ? await best(products(halfShader.code)) : undefined;
    return {
      limits: {
        copy: rateOf(probes.bytes),
        f32: rateOf(probes.arithmetic),
        f16: f16 && rateOf(f16),
      },
      submit: (bound) => submit(device, probes[bound].dispatch, times(bound)),
      rate: (bound, milliseconds) => (probes[bound].amount * times(bound)) / milliseconds / 1e6,
      destroy: free,
    };
  } catch (error) {
    free();
    throw error;
  }
}

function rateOf({ amount, least }: Probe): number {
  return amount / least / 1e6;
}

function submit(device: GPUDevice, dispatch: Dispatch, times: number): void {
  const encoder = device.createCommandEncoder({ label: "limits" });
  const pass = encoder.beginComputePass();
  for (let index = 0; index < times; index++) dispatch(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
}

/** Milliseconds of a dispatch at its best, repeated within one submit until the clock can tell. */
async function fastest(device: GPUDevice, clock: Clock, dispatch: Dispatch): Promise<number> {
  const run = (times: number) => (): void => submit(device, dispatch, times);
  await clock.wall(run(1));
  const times = Math.max(1, Math.ceil(clock.shortest / (await clock.wall(run(1)))));
  for (let index = 0; index < SAMPLES; index++) await clock.sample(run(times));
  const samples = await clock.read();
  return Math.min(...samples.map(({ gpu, wall }) => gpu ?? wall)) / times;
}
