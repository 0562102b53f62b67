import type { ModelFiles } from "../src/index.ts";
import type { JaxPeer } from "./peers/jax.ts";
import type { OrtPeer } from "./peers/ort.ts";
import type { TfjsPeer } from "./peers/tfjs.ts";
import type { Runner } from "./runner.ts";

/** Ours, real software by others, or a naive variant of ours that shows what one idea is worth. */
export type Kind = "ours" | "peer" | "variant";

/** Somebody who can do a case's work, or the reason why not. */
export type Contender = {
  readonly name: string;
  readonly kind: Kind;
  /** It computes something else, there to compare the time with, and is not held against the reference. */
  readonly other?: true | undefined;
  /**
   * The share of the work that its runner does, where the work is many like parts and a few of them tell how long all
   * take; its times are scaled to the whole. Default 1.
   */
  readonly share?: number | undefined;
} & ({ readonly create: () => Promise<Runner> } | { readonly absent: string });

/** Least work of a case, for any contender. */
export interface Work {
  /** Floating-point operations, a multiply-add being two. */
  readonly flops: number;
  /** Bytes that must cross the memory bus: every input and weight read once, every output written once. */
  readonly bytes: number;
}

/** Instruments that a case gets from its host. */
export interface Bench {
  readonly device: GPUDevice;
  /** True if the adapter computes on the CPU. */
  readonly software: boolean;
  readonly tfjs: TfjsPeer | { readonly absent: string };
  readonly ort: OrtPeer | { readonly absent: string };
  readonly jax: JaxPeer | { readonly absent: string };
  /** The files of the network that ships with the project. */
  readonly shipped: () => Promise<ModelFiles>;
}

/** Everything that one case needs, ready to run. */
export interface Prepared {
  /** Ours first. */
  readonly contenders: readonly Contender[];
  /** Largest difference between an output and the reference, relative to the reference's largest value. */
  readonly check: (y: Float32Array, witness: Float32Array) => number;
  /**
   * Reference of `check`, for people. "peer": the outcome of the first peer that is there, which `check` is given as
   * its witness. For what is too large for a plain loop, independent software is the reference.
   */
  readonly reference: string;
  /** Remark for readers, asked when all is measured. */
  readonly note?: (() => string) | undefined;
  /** Work of whole images, divided by the work that an exact result needs; asked when all is measured. */
  readonly saving?: (() => number) | undefined;
  readonly destroy?: (() => void) | undefined;
}

/** A case at one size. */
export interface Task {
  /** The size, for people: "56×56, 128 → 256". */
  readonly size: string;
  readonly work: Work;
  /** Operations that ours, and whoever of the others has most to do, really carry out. Default: those of `work`. */
  readonly cost?: { readonly ours: number; readonly others: number } | undefined;
  /** Largest difference allowed; default 1e-4. */
  readonly tolerance?: number | undefined;
  readonly prepare: (bench: Bench) => Prepared | Promise<Prepared>;
}

/** One line of a plot of cost over size: the cases with the same `series`. */
export interface Growth {
  readonly series: string;
  /** Name of the growing quantity, for the axis. */
  readonly axis: string;
  readonly at: number;
}

/**
 * Goal of a case. Of "limit": the share of this run's limit that ours reaches. Of "saving": our speed-up over whole
 * images, as a share of the saving of work that is exact. Of any contender: with `least`, its time over ours; with
 * `most`, our time over its.
 */
export interface Goal {
  readonly of: string;
  readonly least?: number | undefined;
  readonly most?: number | undefined;
}

/** One thing that is measured. */
export interface Case {
  /** Unique: "group/what". */
  readonly id: string;
  readonly title: string;
  /** The real size first, then smaller ones for adapters that would take minutes. */
  readonly tasks: readonly [Task, ...Task[]];
  readonly growth?: Growth | undefined;
  /**
   * Clock of the ratios: the GPU's (default); the wall's, for whole answers; or the CPU's until all is submitted,
   * whatever the GPU does in the meantime.
   */
  readonly clock?: "gpu" | "wall" | "submit" | undefined;
  /** Weight of the case in a limited run's time. Default 1. */
  readonly weight?: number | undefined;
  /** Goals of its figures, told beside them; missing one is no failure. */
  readonly goals?: readonly Goal[] | undefined;
}

/** The part of a case's id before the slash. */
export function groupOf(id: string): string {
  return id.split("/")[0] ?? id;
}
