import shader from "../../shaders/cast.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { formatShape, sizeOf, type Tensor } from "../gpu/tensor.ts";

export interface CastSite {
  readonly x: Tensor<"f32" | "f16">;
  /** Shape of x; may hold another type. Halves are the nearest to each value, infinite beyond 65504. */
  readonly y: Tensor<"f32" | "f16">;
  readonly label?: string | undefined;
}

const CAST_SITE: Fields<CastSite> = { x: "must", y: "must", label: "may" };

/**
 * Makes copying a tensor into another storage type ready to record.
 * @throws InputError when the shapes differ; UnsupportedError for halves on a device without them.
 */
export async function createCast(device: GPUDevice, site: CastSite): Promise<Command> {
  assertFields("cast", site, CAST_SITE);
  const { x, y, label } = site;
  const who = label ? `cast "${label}"` : "cast";
  if (formatShape(x.shape) !== formatShape(y.shape)) {
    throw new InputError(`${who}: expected y of shape ${formatShape(x.shape)}, got ${formatShape(y.shape)}`);
  }
  expectHalves(device, who, x, y);
  const size = sizeOf(x.shape);
  return createDispatch(device, shader, {
    label,
    redeclare: { From: x.dtype, To: y.dtype },
    params: { size },
    bindings: { x, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** @throws UnsupportedError when one of the tensors holds halves and the device cannot. */
export function expectHalves(device: GPUDevice, who: string, ...tensors: readonly Tensor[]): void {
  if (tensors.some(({ dtype }) => dtype === "f16") && !device.features.has("shader-f16")) {
    throw new UnsupportedError(
      `${who}: expected a device with the feature "shader-f16" for halves, got one without; store f32`,
    );
  }
}
