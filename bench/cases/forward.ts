import { shapesOf } from "../../src/graph.ts";
import { createNetwork, type Graph, type NetworkOptions } from "../../src/index.ts";
import type { Bench, Contender, Prepared } from "../case.ts";
import { difference } from "../compare.ts";
import { unfused } from "../graphs/unfused.ts";
import { ortContender, tfjsContender } from "../peers/contenders.ts";
import { onnxGraph } from "../peers/onnx-graph.ts";
import { recordedRunner } from "../peers/ours.ts";
import { tfjsGraph } from "../peers/tfjs-graph.ts";
import { noise } from "../random.ts";
import type { Runner } from "../runner.ts";
import type { Shape } from "../shape.ts";

/** Our forward pass. */
export async function forwardPass(
  { device }: Bench,
  graph: Graph,
  x: Float32Array<ArrayBuffer>,
  options: NetworkOptions,
): Promise<Runner> {
  const network = await createNetwork(device, graph, { ...options, gradients: false });
  device.queue.writeBuffer(network.input.buffer, 0, x);
  return recordedRunner(device, {
    record: (encoder) => network.forward(encoder),
    y: network.activation(network.graph.output),
    destroy: () => network.destroy(),
  });
}

/** A graph's forward pass as everyone does it, on the same resident images. */
export function forwardContenders(
  bench: Bench,
  graph: Graph,
  batch: number,
  x: Float32Array<ArrayBuffer>,
): Contender[] {
  const shapes = shapesOf(graph, batch);
  const shape = (name: string): Shape => shapes.get(name) ?? [];
  const input = shape(graph.layers[0]?.name ?? "");
  return [
    { name: "vitrine", kind: "ours", create: () => forwardPass(bench, graph, x, { batch, keep: [] }) },
    tfjsContender(bench, async ({ tf, runner }) => {
      const { apply, dispose } = tfjsGraph(tf, graph);
      const resident = tf.tensor(x, [...input]);
      return runner(
        () => apply(resident),
        () => {
          dispose();
          resident.dispose();
        },
      );
    }),
    ortContender(bench, (ort) =>
      ort.modelRunner(onnxGraph(graph, batch), ort.tensor(input, x), ort.tensor(shape(graph.output))),
    ),
  ];
}

/** Noise as a batch of images for a graph. */
export function imagesFor(graph: Graph, batch: number): Float32Array<ArrayBuffer> {
  return noise(shapesOf(graph, batch).get(graph.layers[0]?.name ?? "") ?? [], 7, 1.5);
}

/** A graph's forward pass held against a peer's outcome; beside it, ours with every activation as a layer of its own. */
export function forwardAgainstPeer(bench: Bench, graph: Graph, batch: number): Prepared {
  const x = imagesFor(graph, batch);
  const contenders: Contender[] = [
    ...forwardContenders(bench, graph, batch, x),
    { name: "unfused", kind: "variant", create: () => forwardPass(bench, unfused(graph), x, { batch }) },
  ];
  return { contenders, reference: "peer", check: difference };
}
