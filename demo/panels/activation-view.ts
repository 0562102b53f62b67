import type { LayerForm } from "../../src/graph.ts";
import type { Tensor } from "../../src/index.ts";
import code from "../shaders/map_view.wgsl?raw";

/** One map of an activation on a canvas of its own, drawn by the GPU from the network's buffer. */
export class ActivationView {
  readonly canvas: HTMLCanvasElement;
  readonly #device: GPUDevice;
  readonly #context: GPUCanvasContext | null;
  readonly #pipeline: GPURenderPipeline;
  readonly #params: GPUBuffer;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "map-view";
    this.#context = this.canvas.getContext("webgpu");
    const format = navigator.gpu.getPreferredCanvasFormat();
    this.#context?.configure({ device, format, alphaMode: "opaque" });
    const module = device.createShaderModule({ label: "map view", code });
    this.#pipeline = device.createRenderPipeline({
      label: "map view",
      layout: "auto",
      vertex: { module, entryPoint: "vertex" },
      fragment: { module, entryPoint: "fragment", targets: [{ format }] },
    });
    this.#params = device.createBuffer({
      label: "map view params",
      size: 32,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  /** Draws a map of a tensor that is shown as `form` says. `colors` is the room's table, `ranges` the exhibit's. */
  draw(
    tensor: Tensor,
    form: LayerForm,
    ranges: GPUBuffer,
    colors: GPUBuffer,
    channel: number,
    perMap: boolean,
  ): void {
    const [height, width, channels] = form.size;
    const zoom = Math.max(1, Math.floor(256 / Math.max(height, width)));
    if (this.canvas.width !== width * zoom || this.canvas.height !== height * zoom) {
      this.canvas.width = width * zoom;
      this.canvas.height = height * zoom;
    }
    const device = this.#device;
    device.queue.writeBuffer(
      this.#params,
      0,
      new Uint32Array([
        height,
        width,
        channels,
        channel,
        Number(perMap),
        form.stride.pixel,
        form.stride.map,
        0,
      ]),
    );
    const bindGroup = device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: [this.#params, tensor.buffer, ranges, colors].map((buffer, binding) => ({
        binding,
        resource: { buffer },
      })),
    });
    const view = this.#context?.getCurrentTexture().createView();
    if (!view) return;
    const encoder = device.createCommandEncoder({ label: "map view" });
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view, loadOp: "clear", storeOp: "store", clearValue: [0, 0, 0, 1] }],
    });
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.draw(3);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }

  destroy(): void {
    this.#context?.unconfigure();
    this.#params.destroy();
  }
}
