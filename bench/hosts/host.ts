import { isSoftwareAdapter, type ModelFiles } from "../../src/index.ts";
import type { Bench } from "../case.ts";
import { createJaxPeer } from "../peers/jax.ts";
import { createOrtPeer } from "../peers/ort.ts";
import { createTfjsPeer } from "../peers/tfjs.ts";

export interface HostOptions {
  readonly shipped: () => Promise<ModelFiles>;
  /** Address of ONNX Runtime's WebAssembly for a page. */
  readonly ortWasm?: string;
}

/** Starts the peers on a device; one that will not start says why in every row. */
export async function createBench(device: GPUDevice, { shipped, ortWasm }: HostOptions): Promise<Bench> {
  const tfjs = await orAbsent(() => createTfjsPeer(device));
  const ort = await orAbsent(() => createOrtPeer(device, ortWasm));
  const jax = await orAbsent(() => createJaxPeer(device));
  return { device, software: isSoftwareAdapter(device), tfjs, ort, jax, shipped };
}

async function orAbsent<T>(start: () => Promise<T>): Promise<T | { readonly absent: string }> {
  try {
    return await start();
  } catch (error) {
    return { absent: `not available on this host: ${(error as Error).message}` };
  }
}
