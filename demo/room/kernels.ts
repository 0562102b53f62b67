import layerRangeShader from "../shaders/layer_range.wgsl";
import mapRangesShader from "../shaders/map_ranges.wgsl";
import pickNearestShader from "../shaders/pick_nearest.wgsl";
import pickValueShader from "../shaders/pick_value.wgsl";
import collectShader from "../shaders/place_voxels.wgsl";
import { compile, type Kernel } from "./kernel.ts";

/** The explorer's compute kernels on a device. */
export interface Kernels {
  readonly mapRanges: Kernel;
  readonly layerRange: Kernel;
  readonly place: Kernel;
  readonly pickNearest: Kernel;
  readonly pickValue: Kernel;
}

export async function compileKernels(device: GPUDevice): Promise<Kernels> {
  const [mapRanges, layerRange, place, pickNearest, pickValue] = await Promise.all(
    [mapRangesShader, layerRangeShader, collectShader, pickNearestShader, pickValueShader].map((shader) =>
      compile(device, shader),
    ),
  );
  if (!mapRanges || !layerRange || !place || !pickNearest || !pickValue)
    throw new Error("kernels: none compiled");
  return { mapRanges, layerRange, place, pickNearest, pickValue };
}
