import {
  ColorManagement,
  LinearSRGBColorSpace,
  NoToneMapping,
  type PerspectiveCamera,
  Scene,
  type StorageBufferAttribute,
  WebGPURenderer,
} from "three/webgpu";
import { isSoftwareAdapter, logitsOf, type Network } from "../../src/index.ts";
import type { Selection, State } from "../state.ts";
import { adopt, adopted, release } from "./adopt.ts";
import { exhibitOf } from "./arrangement.ts";
import { Decor } from "./decor.ts";
import { Exhibit } from "./exhibit.ts";
import { Names } from "./names.ts";
import { createPalette, writePalette } from "./palette.ts";
import type { Hovered } from "./picking.ts";
import { createPicture, type Picture } from "./picture.ts";
import { planOf } from "./plan.ts";
import { sizeOf } from "./sizes.ts";
import { compileKernels, type Kernels, Ranges, Volume } from "./volume.ts";

export interface StageOptions {
  readonly device: GPUDevice;
  readonly host: HTMLElement;
  readonly network: Network;
  readonly colors: State["colors"];
  /** What the network sees, drawn by whoever loads images. */
  readonly picture: HTMLCanvasElement;
}

/** What stands in the room and how a frame of it is drawn: the renderer, the exhibits, their volumes, what is around them. */
export class Stage {
  readonly exhibits: readonly Exhibit[];
  readonly canvas: HTMLCanvasElement;
  readonly software: boolean;
  /** The room's colours on the GPU; see palette.ts. */
  readonly colorsBuffer: GPUBuffer;
  readonly names: Names;
  readonly picture: Picture;

  readonly #device: GPUDevice;
  readonly #network: Network;
  readonly #renderer: WebGPURenderer;
  readonly #kernels: Kernels;
  readonly #scene = new Scene();
  readonly #decor: Decor;
  readonly #ranges: readonly (Ranges | undefined)[];
  readonly #colors: StorageBufferAttribute;

  static async create(options: StageOptions): Promise<Stage> {
    const { device, host } = options;
    const software = isSoftwareAdapter(device);
    const canvas = document.createElement("canvas");
    canvas.className = "room";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The network's activation volumes, in space");
    host.prepend(canvas);
    ColorManagement.enabled = false;
    const renderer = new WebGPURenderer({ canvas, device, antialias: !software, alpha: true });
    renderer.onDeviceLost = () => {};
    renderer.outputColorSpace = LinearSRGBColorSpace;
    renderer.toneMapping = NoToneMapping;
    await renderer.init();
    renderer.setClearColor(0, 0);
    renderer.setPixelRatio(software ? 1 : Math.min(devicePixelRatio, 2));
    return new Stage(options, canvas, renderer, await compileKernels(device), software);
  }

  private constructor(
    { device, network, colors, host, picture }: StageOptions,
    canvas: HTMLCanvasElement,
    renderer: WebGPURenderer,
    kernels: Kernels,
    software: boolean,
  ) {
    this.canvas = canvas;
    this.software = software;
    this.#device = device;
    this.#network = network;
    this.#renderer = renderer;
    this.#kernels = kernels;
    this.colorsBuffer = createPalette(device);
    this.#colors = adopt(renderer, this.colorsBuffer, 4);
    this.color(colors);

    const { graph } = network;
    const plan = planOf(graph);
    const sizes = plan.map(({ shown }) => sizeOf(network.shapes.get(shown) ?? []));
    const largest = {
      edge: Math.max(...sizes.map(([height, width]) => Math.max(height, width))),
      channels: Math.max(...sizes.map(([height, width, channels]) => (height * width > 1 ? channels : 1))),
    };
    const logits = logitsOf(graph);
    this.exhibits = plan.map(
      (stand, index) =>
        new Exhibit(stand, index, sizes[index] ?? [1, 1, 1], largest, stand.stages.includes(logits)),
    );
    this.names = new Names(host.querySelector<HTMLElement>(".labels") ?? host, this.exhibits, graph.labels);
    this.#ranges = this.exhibits.map(({ kind, layer, size: [height, width, channels] }) =>
      kind === "picture"
        ? undefined
        : new Ranges(device, kernels, network.activation(layer).buffer, height * width, channels),
    );
    this.picture = createPicture(picture);
    this.exhibits[0]?.group.add(this.picture.mesh);
    this.#decor = new Decor(graph, this.exhibits);
    this.#scene.add(this.#decor.object, ...this.exhibits.map(({ group }) => group));
  }

  /** Takes other colours. */
  color(colors: State["colors"]): void {
    writePalette(this.#device, this.colorsBuffer, colors);
  }

  resize(width: number, height: number): void {
    this.#renderer.setSize(width, height, false);
  }

  /** Finds every layer's ranges anew, on the GPU. */
  measure(): void {
    const encoder = this.#device.createCommandEncoder({ label: "ranges" });
    const pass = encoder.beginComputePass();
    for (const ranges of this.#ranges) ranges?.encode(pass);
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
    this.spoil();
    this.picture.changed();
  }

  /** Every volume's visible voxels must be found again. */
  spoil(): void {
    for (const exhibit of this.exhibits) exhibit.stale = true;
  }

  /** The range buffer of the exhibit that shows a layer. */
  rangesOf(layer: string): GPUBuffer | undefined {
    const exhibit = exhibitOf(this.exhibits, layer);
    return exhibit && this.#ranges[exhibit.index]?.buffer;
  }

  /** Whether three draws every shown activation from the network's own buffers; for tests. */
  adoptsActivations(): boolean {
    const volumes = this.exhibits.filter(({ volume }) => volume);
    return (
      volumes.length > 0 &&
      volumes.every(
        ({ volume, layer }) =>
          volume &&
          adopted(this.#renderer, volume.attributes.activation) === this.#network.activation(layer).buffer,
      )
    );
  }

  /** Draws a frame as it is at a moment; returns whether something in it is on its way. */
  draw(
    state: State,
    hovered: Hovered | undefined,
    camera: PerspectiveCamera,
    size: { readonly width: number; readonly height: number },
    now: number,
  ): boolean {
    let moving = false;
    const encoder = this.#device.createCommandEncoder({ label: "room" });
    const eye = camera.position;
    for (const exhibit of this.exhibits) {
      const moves = exhibit.moving(now);
      if (moves) {
        moving = true;
        exhibit.stale = true;
      }
      exhibit.group.position.set(exhibit.x.at(now), exhibit.y.at(now), 0);
      const volume = this.#ensureVolume(exhibit);
      if (volume) {
        if (exhibit.stale) {
          const threshold = exhibit.kind === "vector" ? 0 : state.threshold;
          volume.place(encoder, threshold, state.scale === "map", exhibit.placing(now));
          exhibit.stale = moves;
        }
        volume.look.extent.value.copy(exhibit.voxelExtent(now));
        volume.look.eye.value.copy(eye).sub(exhibit.group.position);
        volume.look.perMap.value = Number(state.scale === "map" && exhibit.kind === "volume");
        volume.look.bars.value = Number(exhibit.bars);
      } else {
        this.picture.scale(exhibit.extent());
      }
      exhibit.outline(hovered?.layer === exhibit.layer, now);
    }
    this.#device.queue.submit([encoder.finish()]);
    this.#decor.draw(state, hovered ?? unitOf(state), now);
    this.#renderer.render(this.#scene, camera);
    this.names.draw(camera, size.width, size.height, now);
    return moving;
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
    for (const exhibit of this.exhibits) exhibit.volume?.destroy();
    for (const ranges of this.#ranges) ranges?.destroy();
    release(this.#colors);
    this.colorsBuffer.destroy();
    this.picture.dispose();
    this.#decor.dispose();
    this.names.dispose();
    for (const { frame } of this.exhibits) frame.dispose();
    this.#renderer.dispose();
    this.canvas.remove();
  }

  #ensureVolume(exhibit: Exhibit): Volume | undefined {
    const ranges = this.#ranges[exhibit.index];
    if (!ranges) return undefined;
    const [sy, sx, sc] = exhibit.stride;
    const [height, width, channels] = exhibit.size;
    const needed = Math.ceil(height / sy) * Math.ceil(width / sx) * Math.ceil(channels / sc);
    if (exhibit.volume && exhibit.volume.capacity >= needed) return exhibit.volume;
    exhibit.volume?.destroy();
    exhibit.volume?.mesh.removeFromParent();
    exhibit.volume = new Volume(
      this.#renderer,
      this.#device,
      this.#kernels,
      this.#colors,
      ranges,
      this.#network.activation(exhibit.layer),
      exhibit.size,
      needed,
    );
    exhibit.group.add(exhibit.volume.mesh);
    return exhibit.volume;
  }
}

/** The selected unit, if the selection goes so deep. */
function unitOf({ layer, channel, y, x }: Selection) {
  return layer !== undefined && channel !== undefined && y !== undefined && x !== undefined
    ? { layer, channel, y, x }
    : undefined;
}
