import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import modelUrl from "../../models/vitrine/model.json?url&no-inline";
import weightsUrl from "../../models/vitrine/weights.bin?url&no-inline";
import { type ModelFiles, requestDevice } from "../../src/index.ts";
import { createBench } from "../hosts/host.ts";
import { runSuite } from "../suite.ts";
import type { BenchPage } from "./bench-page.ts";
import { createView } from "./view.ts";

/** The shipped network, from beside this page. */
async function shipped(): Promise<ModelFiles> {
  return {
    name: "the shipped network",
    manifest: "model.json",
    async read(path, { signal } = {}) {
      const url = path === "model.json" ? modelUrl : weightsUrl;
      const response = await fetch(url, signal ? { signal } : {});
      if (!response.ok) throw new Error(`expected ${url}, got ${response.status}`);
      return response.arrayBuffer();
    },
  };
}

let stopping: AbortController | undefined;

const page: BenchPage = {
  async run(options, facts, powerPreference) {
    stopping?.abort();
    const stop = new AbortController();
    stopping = stop;
    const device = await requestDevice(navigator.gpu, powerPreference ? { powerPreference } : {});
    try {
      const bench = await createBench(device, { shipped, ortWasm: new URL(wasmUrl, document.baseURI).href });
      await runSuite(bench, facts, { ...options, signal: stop.signal }, (progress) => {
        window.benchTell?.(progress);
        view.tell(progress);
      });
    } finally {
      device.destroy();
    }
  },
  stop: () => stopping?.abort(),
};

const view = createView(page);
window.bench = page;
