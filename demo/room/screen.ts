import { ColorManagement, LinearSRGBColorSpace, NoToneMapping, WebGPURenderer } from "three/webgpu";
import { isSoftwareAdapter } from "../../src/index.ts";
import { compileKernels, type Kernels } from "./kernels.ts";

/**
 * The tools that every room on a device is drawn with: a canvas, three's renderer, and the explorer's kernels. One stays as long as
 * its device, however many networks are looked at: a renderer's colour and depth textures are as large as the canvas.
 */
export class Screen {
  readonly device: GPUDevice;
  readonly host: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly renderer: WebGPURenderer;
  readonly kernels: Kernels;
  readonly software: boolean;

  static async create(device: GPUDevice, host: HTMLElement): Promise<Screen> {
    const software = isSoftwareAdapter(device);
    const kernels = await compileKernels(device);
    const canvas = document.createElement("canvas");
    canvas.className = "room";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The network's activation volumes, in space");
    ColorManagement.enabled = false;
    const renderer = new WebGPURenderer({ canvas, device, antialias: !software, alpha: true });
    renderer.onDeviceLost = () => {};
    renderer.outputColorSpace = LinearSRGBColorSpace;
    renderer.toneMapping = NoToneMapping;
    await renderer.init();
    renderer.setClearColor(0, 0);
    renderer.setPixelRatio(software ? 1 : Math.min(devicePixelRatio, 2));
    host.prepend(canvas);
    return new Screen(device, host, canvas, renderer, kernels);
  }

  private constructor(
    device: GPUDevice,
    host: HTMLElement,
    canvas: HTMLCanvasElement,
    renderer: WebGPURenderer,
    kernels: Kernels,
  ) {
    this.device = device;
    this.host = host;
    this.canvas = canvas;
    this.renderer = renderer;
    this.kernels = kernels;
    this.software = isSoftwareAdapter(device);
  }

  resize(width: number, height: number): void {
    this.renderer.setSize(width, height, false);
  }

  /** The canvas as it was drawn just now, on a ground, as a PNG. */
  png(background: string): Promise<Blob> {
    const { width, height } = this.canvas;
    const copy = new OffscreenCanvas(width, height);
    const context = copy.getContext("2d");
    if (!context) throw new Error("export: this browser gives no 2D canvas");
    context.fillStyle = background;
    context.fillRect(0, 0, width, height);
    context.drawImage(this.canvas, 0, 0);
    return copy.convertToBlob({ type: "image/png" });
  }

  dispose(): void {
    this.renderer.dispose();
    this.canvas.remove();
  }
}
