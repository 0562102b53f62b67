import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { UnsupportedError } from "../../../src/gpu/errors.ts";
import { inputOf } from "../../../src/graph/graph.ts";
import { loadGraphModel } from "../../../src/models/load-graph-model.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { differenceOf, noise, ourOutputs, tfjsOutputs } from "./referee.ts";

// Real GraphModels lie beside the repository; none of them ships.
const SHARED = fileURLToPath(new URL("../../../../shared/", import.meta.url));

describe.skipIf(!existsSync(`${SHARED}graph-models`))("a real GraphModel", () => {
  test.each<[path: string, outputs: readonly string[], batch: number]>([
    ["graph-models/emotion", ["Identity"], 2],
    ["graph-models/liveness", ["activation_6"], 3],
    ["graph-models/blazeface", ["Identity_3", "Identity", "Identity_1", "Identity_2"], 1],
    ["graph-models/handlandmark-lite", ["Identity_1", "Identity", "Identity_2", "Identity_3"], 1],
    ["models/style_tiny_starry_night", ["output"], 1],
    ["graph-models/iris", ["Identity"], 2],
    ["models/googlenet_bvlc_f16", ["prob"], 1],
  ])("%s computes what tfjs computes", async (path, outputs, batch) => {
    const files = await modelFromDisk(`${SHARED}${path}`);
    const graph = await loadGraphModel(files);
    expect(graph.outputs ?? [graph.output]).toEqual(outputs);
    expect(graph.leftOut).toBeUndefined();
    const { name, shape } = inputOf(graph);
    const whole = [batch, ...shape];
    const size = whole.reduce((product, axis) => product * axis, 1);
    const inputs = { [name]: { shape: whole, data: noise(size) } };
    const [ours, theirs] = [
      await ourOutputs(graph, inputs, outputs),
      await tfjsOutputs(files, inputs, outputs),
    ];
    for (const [index, output] of outputs.entries()) {
      expect(ours[index]?.shape, output).toEqual(theirs[index]?.shape);
      const [a, b] = [ours[index]?.data ?? new Float32Array(0), theirs[index]?.data ?? new Float32Array(0)];
      expect(differenceOf(a, b), output).toBeLessThan(1e-4);
    }
  });

  test("with control flow is refused in one sentence that names it", async () => {
    const files = await modelFromDisk(`${SHARED}graph-models/handtrack`);
    const loading = loadGraphModel(files);
    await expect(loading).rejects.toThrow(UnsupportedError);
    await expect(loading).rejects.toThrow(
      /^model "[^"]+": \w+ "[^"]+" is control flow, which is not supported; /,
    );
  });
});
