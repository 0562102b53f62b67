import { type Command, recordCommands } from "../../../gpu/command.ts";
import { type Scope, withScope } from "../../../gpu/scope.ts";
import { readTensor, type Tensor } from "../../../gpu/tensor.ts";
import type { Pixels } from "../../../images/pixels.ts";
import { cutToBits } from "./bits.ts";
import type { CorruptionSite } from "./corruption.ts";

/** A picture on the device: x as it was, y as it becomes, [H, W, 3] of 0…1. */
export interface DeviceSite {
  readonly scope: Scope;
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Changes a picture by commands on the device. Values are cut to 8 bits, not rounded, as the published program does. */
export async function onDevice(
  { device, pixels: { width, height, data } }: CorruptionSite,
  make: (site: DeviceSite) => readonly Promise<Command>[],
): Promise<Pixels> {
  const shape = [height, width, 3];
  return withScope(device, "corruption", async (scope) => {
    const x = scope.tensor(shape, { data: Float32Array.from(data, (value) => value / 255) });
    const y = scope.tensor(shape);
    const commands = await Promise.all(make({ scope, x, y }).map((made) => scope.command(made)));
    await scope.settled();
    const encoder = device.createCommandEncoder();
    recordCommands(encoder, commands);
    device.queue.submit([encoder.finish()]);
    const values = await readTensor(device, y);
    return cutToBits(values, width, height);
  });
}
