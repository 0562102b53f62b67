import type { Entry, Results, Row } from "../../bench/result.ts";

/** A contender that took so many milliseconds, and others' times so many times ours. */
export function entry(name: string, ms: number, ratio?: number, change: Partial<Entry> = {}): Entry {
  const summary = { n: 5, min: 0.9 * ms, median: ms, p90: 1.2 * ms };
  return {
    name,
    kind: name === "vitrine" ? "ours" : name === "tfjs" || name === "onnxruntime" ? "peer" : "variant",
    error: 1e-6,
    timed: {
      repeats: 4,
      cold: 12,
      gpu: summary,
      wall: { ...summary, median: ms + 1 },
      ...(ratio === undefined ? {} : { ratio: { median: ratio, p10: 0.95 * ratio, p90: 1.05 * ratio } }),
    },
    rate: { gflops: 20 / ms, gbps: 2 / ms, share: 0.5 / ms, by: "arithmetic" },
    ...change,
  };
}

/** A measured case: ours in 2 ms, tfjs in 8, ONNX Runtime without the operation. */
export function row(change: Partial<Row> = {}): Row {
  return {
    id: "conv/one",
    title: "a convolution",
    size: "8×8",
    work: { flops: 2e7, bytes: 2e6 },
    clock: "gpu",
    reference: "sum in f64",
    tolerance: 1e-4,
    entries: [
      entry("vitrine", 2),
      entry("tfjs", 8, 4),
      { name: "onnxruntime", kind: "peer", absent: "it has no such operation" },
    ],
    ...change,
  };
}

/** A whole run of such cases on a software adapter. */
export function results(rows: readonly Row[] = [row()], change: Partial<Results> = {}): Results {
  return {
    format: 1,
    environment: {
      date: "2026-01-02T03:04:05.000Z",
      commit: "abc1234",
      host: "Node v20.0.0, Dawn (webgpu 0.6.2)",
      system: "linux, 2 × a CPU",
      adapter: 'llvmpipe "soft" (LLVM 15, 256 bits) <&>',
      software: true,
      features: ["timestamp-query"],
      quantum: 1,
      versions: { vitrine: "0.1.0", tfjs: "4.22.0" },
    },
    limits: { copy: 10, f32: 40 },
    complete: true,
    seconds: 12.4,
    rows,
    ...change,
  };
}
