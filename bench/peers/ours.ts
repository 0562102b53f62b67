import type { Command, Tensor } from "../../src/index.ts";
import { readTensor, recordCommands } from "../../src/index.ts";
import type { Runner } from "../runner.ts";

/** Runs what records into an encoder: any number of times in one submit. */
export function recordedRunner(
  device: GPUDevice,
  work: {
    readonly record: (encoder: GPUCommandEncoder) => void;
    readonly y: Tensor;
    readonly destroy: () => void;
  },
): Runner {
  return {
    submit(times) {
      const encoder = device.createCommandEncoder({ label: "bench" });
      for (let index = 0; index < times; index++) work.record(encoder);
      device.queue.submit([encoder.finish()]);
    },
    read: async () => Float32Array.from(await readTensor(device, work.y)),
    destroy: work.destroy,
  };
}

/** The same of a command. */
export function commandRunner(device: GPUDevice, command: Command, y: Tensor, destroy: () => void): Runner {
  return recordedRunner(device, {
    record: (encoder) => recordCommands(encoder, [command]),
    y,
    destroy() {
      command.destroy();
      destroy();
    },
  });
}
