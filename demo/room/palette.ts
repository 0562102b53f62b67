import { type ColorMapName, colorMap } from "../../src/figures.ts";

/** The room's colours on the GPU: 256 for values from zero up, then 256 around zero; see map_view.wgsl. */
export function createPalette(device: GPUDevice): GPUBuffer {
  return device.createBuffer({
    label: "colours",
    size: 512 * 16,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
  });
}

/** Writes a sequential map and the diverging one into the palette. */
export function writePalette(device: GPUDevice, palette: GPUBuffer, sequential: ColorMapName): void {
  const data = new Float32Array(512 * 4);
  for (const [half, name] of [sequential, "polar" as const].entries()) {
    const table = colorMap(name);
    for (let i = 0; i < 256; i++) {
      for (let c = 0; c < 3; c++) data[4 * (256 * half + i) + c] = (table[3 * i + c] ?? 0) / 255;
    }
  }
  device.queue.writeBuffer(palette, 0, data);
}
