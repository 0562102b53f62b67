import {
  ColorManagement,
  LinearSRGBColorSpace,
  NoToneMapping,
  type Ray,
  Scene,
  type StorageBufferAttribute,
  WebGPURenderer,
} from "three/webgpu";
import { isSoftwareAdapter, logitsOf, type Network, type Prediction } from "../../src/index.ts";
import { type Selection, type State, type Store, selects } from "../state.ts";
import { adopt, adopted, release } from "./adopt.ts";
import { arrange, exhibitOf, homeOf } from "./arrangement.ts";
import { type Insets, OrbitCamera } from "./camera.ts";
import { Decor } from "./decor.ts";
import { Exhibit } from "./exhibit.ts";
import { Names } from "./names.ts";
import { createPalette, writePalette } from "./palette.ts";
import { exhibitsAlong, Follower, type Hovered, pickAlong, rayThrough, type Spot } from "./picking.ts";
import { createPicture, type Picture } from "./picture.ts";
import { planOf } from "./plan.ts";
import { attachPointer } from "./pointer.ts";
import { sizeOf } from "./sizes.ts";
import { compileKernels, type Kernels, Ranges, Volume } from "./volume.ts";

export interface RoomOptions {
  readonly device: GPUDevice;
  readonly host: HTMLElement;
  readonly network: Network;
  readonly store: Store;
  /** What the network sees, drawn by whoever loads images. */
  readonly picture: HTMLCanvasElement;
  readonly onHover: (hovered: Hovered | undefined, at: Spot) => void;
}

/** The room: a row of exhibits from the image to the answer. It draws only when something changed. */
export class Room {
  readonly exhibits: readonly Exhibit[];
  readonly camera: OrbitCamera = new OrbitCamera();
  readonly canvas: HTMLCanvasElement;
  readonly software: boolean;
  /** Frames drawn so far. */
  frames = 0;

  readonly #options: RoomOptions;
  readonly #renderer: WebGPURenderer;
  readonly #kernels: Kernels;
  readonly #scene = new Scene();
  readonly #names: Names;
  readonly #decor: Decor;
  readonly #follower: Follower;
  readonly #ranges: (Ranges | undefined)[];
  /** The room's colours on the GPU; see palette.ts. */
  readonly colorsBuffer: GPUBuffer;
  readonly #colors: StorageBufferAttribute;
  readonly #picture: Picture;
  readonly #stops: (() => void)[] = [];
  #insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  #size = { width: 1, height: 1 };
  #scheduled = 0;
  #last = 0;
  #hovered: Hovered | undefined;
  #viewTimer = 0;
  #disposed = false;

  static async create(options: RoomOptions): Promise<Room> {
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
    return new Room(options, canvas, renderer, await compileKernels(device), software);
  }

  private constructor(
    options: RoomOptions,
    canvas: HTMLCanvasElement,
    renderer: WebGPURenderer,
    kernels: Kernels,
    software: boolean,
  ) {
    const { device, network, store, host } = options;
    this.#options = options;
    this.canvas = canvas;
    this.#renderer = renderer;
    this.#kernels = kernels;
    this.software = software;

    this.colorsBuffer = createPalette(device);
    this.#colors = adopt(renderer, this.colorsBuffer, 4);
    writePalette(device, this.colorsBuffer, store.state.colors);

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
    this.#names = new Names(host.querySelector<HTMLElement>(".labels") ?? host, this.exhibits, graph.labels);
    this.#ranges = this.exhibits.map(({ kind, layer, size: [height, width, channels] }) =>
      kind === "picture"
        ? undefined
        : new Ranges(device, kernels, network.activation(layer).buffer, height * width, channels),
    );

    this.#picture = createPicture(options.picture);
    this.exhibits[0]?.group.add(this.#picture.mesh);
    this.#decor = new Decor(graph, this.exhibits);
    this.#scene.add(this.#decor.object, ...this.exhibits.map(({ group }) => group));
    this.#follower = new Follower(
      (at) => this.pick(at),
      (hovered, at) => this.#setHovered(hovered, at),
    );

    this.#stops.push(
      store.listen((state, changed) => this.#follow(state, changed)),
      attachPointer(canvas, this.camera, {
        hover: (at) => this.#follower.move(at),
        click: (at) => void this.#click(at),
        moved: () => {
          this.invalidate();
          this.#rememberView();
        },
      }),
    );
    this.#arrange(performance.now());
  }

  /** The network ran again: ranges and visible voxels are found anew, on the GPU. */
  activationsChanged(): void {
    const { device } = this.#options;
    const encoder = device.createCommandEncoder({ label: "ranges" });
    const pass = encoder.beginComputePass();
    for (const ranges of this.#ranges) ranges?.encode(pass);
    pass.end();
    device.queue.submit([encoder.finish()]);
    this.#spoil();
    this.#setHovered(undefined, { x: 0, y: 0 });
    this.#picture.changed();
  }

  /** What lies over the picture changed. */
  pictureChanged(): void {
    this.#picture.changed();
    this.invalidate();
  }

  /** The strongest classes changed: the first is named in the room. */
  showAnswers(answers: readonly Prediction[]): void {
    this.#names.mark(answers[0]?.index);
    this.invalidate();
  }

  /** The room's size or what covers it changed. */
  resize(insets: Insets): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0) return;
    this.#size = { width, height };
    this.#insets = insets;
    this.#renderer.setSize(width, height, false);
    this.camera.resize(width, height, insets);
    this.#arrange(performance.now());
    this.invalidate();
  }

  /** Looks at what is selected, or at everything. */
  home(): void {
    const { state } = this.#options.store;
    const { box, azimuth, elevation, margin } = homeOf(this.exhibits, state, this.#aspect);
    this.camera.frame(box, azimuth, elevation, margin);
    this.invalidate();
    this.#rememberView();
  }

  /** Goes where a text from the address says, without a journey. */
  look(view: string | undefined): void {
    if (!view || !this.camera.look(view)) this.home();
    this.camera.arrive();
    this.invalidate();
  }

  /** Flies by keys. */
  fly(right: number, up: number, ahead: number): void {
    this.camera.fly(right, up, ahead);
    this.invalidate();
    this.#rememberView();
  }

  /** The range buffer of the exhibit that shows a layer. */
  rangesOf(layer: string): GPUBuffer | undefined {
    const exhibit = this.exhibitOf(layer);
    return exhibit && this.#ranges[exhibit.index]?.buffer;
  }

  /** Whether nothing moves and nothing waits to be drawn. */
  get resting(): boolean {
    return this.#scheduled === 0;
  }

  /** The exhibit that shows a layer, if there is one. */
  exhibitOf(layer: string | undefined): Exhibit | undefined {
    return exhibitOf(this.exhibits, layer);
  }

  /** Whether three draws every shown activation from the network's own buffers; for tests. */
  adoptsActivations(): boolean {
    const volumes = this.exhibits.filter(({ volume }) => volume);
    return (
      volumes.length > 0 &&
      volumes.every(
        ({ volume, layer }) =>
          volume &&
          adopted(this.#renderer, volume.attributes.activation) ===
            this.#options.network.activation(layer).buffer,
      )
    );
  }

  /** Where a unit is seen on the canvas, in pixels; for tests. */
  project({ layer, channel = 0, y = 0, x = 0 }: Selection): { x: number; y: number } | undefined {
    const exhibit = this.exhibitOf(layer);
    if (!exhibit) return undefined;
    const now = performance.now();
    const { centre, half } = exhibit.unit(channel, y, x, now);
    centre.z += half.z;
    centre.project(this.camera.camera);
    return { x: ((centre.x + 1) / 2) * this.#size.width, y: ((1 - centre.y) / 2) * this.#size.height };
  }

  /** The voxel that is seen at a place on the canvas. */
  pick(at: Spot): Promise<Hovered | undefined> {
    return pickAlong(this.exhibits, this.#ray(at));
  }

  /** The room as it stands, as a PNG. */
  async png(background: string): Promise<Blob> {
    this.#draw(performance.now());
    const { width, height } = this.canvas;
    const copy = new OffscreenCanvas(width, height);
    const context = copy.getContext("2d");
    if (!context) throw new Error("export: this browser gives no 2D canvas");
    context.fillStyle = background;
    context.fillRect(0, 0, width, height);
    context.drawImage(this.canvas, 0, 0);
    return copy.convertToBlob({ type: "image/png" });
  }

  /** Asks for a frame. */
  invalidate(): void {
    if (this.#scheduled || this.#disposed) return;
    this.#scheduled = requestAnimationFrame((now) => {
      this.#scheduled = 0;
      this.#draw(now);
    });
  }

  dispose(): void {
    this.#disposed = true;
    cancelAnimationFrame(this.#scheduled);
    clearTimeout(this.#viewTimer);
    for (const stop of this.#stops) stop();
    for (const exhibit of this.exhibits) exhibit.volume?.destroy();
    for (const ranges of this.#ranges) ranges?.destroy();
    release(this.#renderer, this.#colors);
    this.colorsBuffer.destroy();
    this.#picture.dispose();
    this.#decor.dispose();
    this.#names.dispose();
    for (const { frame } of this.exhibits) frame.dispose();
    this.#renderer.dispose();
    this.canvas.remove();
  }

  /** Width over height of what the panels leave free. */
  get #aspect(): number {
    const { left, right, top, bottom } = this.#insets;
    return Math.max(1, this.#size.width - left - right) / Math.max(1, this.#size.height - top - bottom);
  }

  #follow(state: State, changed: ReadonlySet<keyof State>): void {
    const now = performance.now();
    if (changed.has("colors")) writePalette(this.#options.device, this.colorsBuffer, state.colors);
    if (changed.has("threshold") || changed.has("scale")) this.#spoil();
    if (selects(changed) || changed.has("layout") || changed.has("explode")) this.#arrange(now);
    if (changed.has("layer") || changed.has("layout")) this.home();
    if (changed.size > 1 || !changed.has("view")) this.invalidate();
  }

  /** Every volume's visible voxels must be found again. */
  #spoil(): void {
    for (const exhibit of this.exhibits) exhibit.stale = true;
    this.invalidate();
  }

  /** Sends every exhibit to its place. */
  #arrange(now: number): void {
    const { state } = this.#options.store;
    const aspect = this.#aspect;
    arrange(this.exhibits, state, { aspect, software: this.software, settle: this.frames === 0 }, now);
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
    const { device, network } = this.#options;
    exhibit.volume = new Volume(
      this.#renderer,
      device,
      this.#kernels,
      this.#colors,
      ranges,
      network.activation(exhibit.layer),
      exhibit.size,
      needed,
    );
    exhibit.group.add(exhibit.volume.mesh);
    return exhibit.volume;
  }

  #draw(now: number): void {
    if (this.#disposed) return;
    const { device, store } = this.#options;
    const { state } = store;
    let moving = this.camera.step(this.#last === 0 ? 16 : now - this.#last);
    this.#last = now;
    const encoder = device.createCommandEncoder({ label: "room" });
    const eye = this.camera.camera.position;
    for (const exhibit of this.exhibits) {
      if (exhibit.moving(now)) {
        moving = true;
        exhibit.stale = true;
      }
      exhibit.group.position.set(exhibit.x.at(now), exhibit.y.at(now), 0);
      const volume = this.#ensureVolume(exhibit);
      if (volume) {
        if (exhibit.stale) {
          const threshold = exhibit.kind === "vector" ? 0 : state.threshold;
          volume.place(encoder, threshold, state.scale === "map", exhibit.placing(now));
          exhibit.stale = moving && exhibit.moving(now);
        }
        volume.look.extent.value.copy(exhibit.voxelExtent(now));
        volume.look.eye.value.copy(eye).sub(exhibit.group.position);
        volume.look.perMap.value = Number(state.scale === "map" && exhibit.kind === "volume");
        volume.look.bars.value = Number(exhibit.bars);
      } else {
        this.#picture.scale(exhibit.extent());
      }
      exhibit.outline(this.#hovered?.layer === exhibit.layer, now);
    }
    device.queue.submit([encoder.finish()]);
    this.#decor.draw(state, this.#hovered ?? unitOf(state), now);
    this.#renderer.render(this.#scene, this.camera.camera);
    this.#names.draw(this.camera.camera, this.#size.width, this.#size.height, now);
    this.frames++;
    if (moving) this.invalidate();
    else this.#last = 0;
  }

  #ray(at: Spot): Ray {
    return rayThrough(at, this.camera.camera, this.#size.width, this.#size.height);
  }

  #setHovered(hovered: Hovered | undefined, at: Spot): void {
    if (this.#disposed) return;
    const before = this.#hovered;
    this.#hovered = hovered;
    this.canvas.style.cursor = hovered ? "pointer" : "";
    this.#options.onHover(hovered, at);
    if (before || hovered) this.invalidate();
  }

  async #click(at: Spot): Promise<void> {
    const { store } = this.#options;
    const [first] = exhibitsAlong(this.exhibits, this.#ray(at));
    if (!first) return;
    const hit = await this.pick(at).catch(() => undefined);
    if (this.#disposed) return;
    const exhibit = this.exhibitOf(hit?.layer) ?? first;
    if (exhibit.kind === "picture" || !exhibit.open || !hit) {
      store.select({ layer: exhibit.layer });
      return;
    }
    store.select({ layer: exhibit.layer, channel: hit.channel, y: hit.y, x: hit.x });
  }

  #rememberView(): void {
    clearTimeout(this.#viewTimer);
    this.#viewTimer = window.setTimeout(() => this.#options.store.set({ view: this.camera.view }), 300);
  }
}

/** The selected unit, if the selection goes so deep. */
function unitOf({ layer, channel, y, x }: Selection) {
  return layer !== undefined && channel !== undefined && y !== undefined && x !== undefined
    ? { layer, channel, y, x }
    : undefined;
}
