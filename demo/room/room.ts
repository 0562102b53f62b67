import {
  Box3,
  ColorManagement,
  LinearSRGBColorSpace,
  NoToneMapping,
  Scene,
  type StorageBufferAttribute,
  Ray as ThreeRay,
  Vector2,
  Vector3,
  WebGPURenderer,
} from "three/webgpu";
import {
  colorMap,
  isSoftwareAdapter,
  logitsOf,
  type Network,
  type Prediction,
  receptiveField,
} from "../../src/index.ts";
import { type Selection, type State, type Store, selects } from "../state.ts";
import { adopt, adopted, release } from "./adopt.ts";
import { type Backing, createBacking } from "./backing.ts";
import { type Insets, OrbitCamera } from "./camera.ts";
import { Exhibit } from "./exhibit.ts";
import { ACCENT, createField, type Field } from "./field.ts";
import { type Label, Labels } from "./labels.ts";
import { boxPoints, createLines, type Lines } from "./lines.ts";
import { createPicture, type Picture } from "./picture.ts";
import { planOf } from "./plan.ts";
import { attachPointer } from "./pointer.ts";
import { compileKernels, type Kernels, Ranges, Volume } from "./volume.ts";

/** A unit under the pointer, and the value that its activation holds. */
export interface Hovered {
  readonly layer: string;
  readonly channel: number;
  readonly y: number;
  readonly x: number;
  readonly value: number;
}

export interface RoomOptions {
  readonly device: GPUDevice;
  readonly host: HTMLElement;
  readonly network: Network;
  readonly store: Store;
  /** What the network sees, drawn by whoever loads images. */
  readonly picture: HTMLCanvasElement;
  readonly onHover: (hovered: Hovered | undefined, at: { readonly x: number; readonly y: number }) => void;
}

const ROW_GAP = 1.15;

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
  readonly #labels: Labels;
  readonly #exhibitLabels: Label[];
  readonly #answerLabels: { label: Label; channel: number }[] = [];
  readonly #ranges: (Ranges | undefined)[];
  /** The colour table on the GPU, 512 entries; see map_view.wgsl. */
  readonly colorsBuffer: GPUBuffer;
  readonly #colors: StorageBufferAttribute;
  readonly #picture: Picture;
  readonly #edges: Lines;
  readonly #chosen: Lines;
  readonly #tiles: Lines;
  readonly #backing: Backing;
  readonly #field: Field;
  readonly #stops: (() => void)[] = [];
  #insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  #size = { width: 1, height: 1 };
  #scheduled = 0;
  #last = 0;
  #hovered: Hovered | undefined;
  #picking = false;
  #pickNext: { x: number; y: number } | undefined;
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

    this.colorsBuffer = device.createBuffer({
      label: "colours",
      size: 512 * 16,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
    });
    this.#colors = adopt(renderer, this.colorsBuffer, 4);
    this.#writeColors(store.state);

    const labelHost = host.querySelector<HTMLElement>(".labels") ?? host;
    this.#labels = new Labels(labelHost);
    const { graph } = network;
    const plan = planOf(graph);
    const sizes = plan.map(({ shown }) => sizeOf(network.shapes.get(shown) ?? []));
    const largest = {
      edge: Math.max(...sizes.map(([height, width]) => Math.max(height, width))),
      channels: Math.max(...sizes.map(([height, width, channels]) => (height * width > 1 ? channels : 1))),
    };
    const logits = logitsOf(graph);
    this.exhibits = plan.map((stand, index) => {
      const size = sizes[index] ?? [1, 1, 1];
      const element = document.createElement("div");
      element.className = "label";
      const name = document.createElement("b");
      name.textContent = stand.depth === 0 ? "image" : stand.shown;
      const shape = document.createElement("span");
      shape.textContent = size[0] * size[1] === 1 ? `${size[2]}` : size.join(" × ");
      element.append(name, shape);
      return new Exhibit(stand, index, size, largest, stand.stages.includes(logits), element);
    });
    this.#exhibitLabels = this.exhibits.map((exhibit) => this.#labels.add(exhibit.label));
    this.#ranges = this.exhibits.map(({ kind, layer, size: [height, width, channels] }) =>
      kind === "picture"
        ? undefined
        : new Ranges(device, kernels, network.activation(layer).buffer, height * width, channels),
    );

    this.#picture = createPicture(options.picture);
    this.exhibits[0]?.group.add(this.#picture.mesh);
    const links = plan.reduce((sum, { from }) => sum + from.length, 0);
    this.#edges = createLines(links * 16, 0x4a525d, 0.75);
    this.#chosen = createLines(24, ACCENT, 1);
    this.#chosen.object.renderOrder = 3;
    const maps = Math.max(...sizes.map(([, , channels]) => channels));
    this.#tiles = createLines(4 * maps, 0x4a525d, 0.5);
    this.#backing = createBacking(maps);
    this.#field = createField();
    this.#scene.add(
      this.#edges.object,
      this.#backing.object,
      this.#tiles.object,
      this.#chosen.object,
      this.#field.object,
    );
    for (const { group } of this.exhibits) this.#scene.add(group);
    this.#makeAnswerLabels(graph.labels);

    this.#stops.push(
      store.listen((state, changed) => this.#follow(state, changed)),
      attachPointer(canvas, this.camera, {
        hover: (at) => this.#hover(at),
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
    const best = answers[0]?.index;
    for (const { label, channel } of this.#answerLabels) {
      label.element.classList.toggle("best", channel === best);
      label.rank = channel === best ? 5 : 1;
    }
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
    const open = this.#exhibitOf(state.layer);
    const box = new Box3();
    if (open && open.kind !== "picture") {
      box.copy(open.box());
      const flat = open.kind === "vector" || state.layout === "sheet";
      this.camera.frame(box, flat ? 0 : -0.8, flat ? 0 : 0.32, flat ? 1.1 : 1.18);
    } else if (open) {
      this.camera.frame(open.box(), -0.25, 0.08, 1.4);
    } else {
      for (const exhibit of this.exhibits) box.union(exhibit.box());
      // Room for the names below and beside.
      box.min.y -= 0.8;
      box.max.x += 2;
      // The narrower the space and the longer the row, the more it recedes into depth.
      const long = Math.min(0.3, Math.max(0, (box.max.x - box.min.x - 60) / 250));
      const azimuth = -Math.min(1.32, Math.max(0.5, 1.52 - 0.46 * this.#aspect) + long);
      const above = 0.26 + 0.25 * Math.max(0, 1 - this.#aspect);
      this.camera.frame(box, azimuth, above, 1.02);
    }
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
    const exhibit = this.#exhibitOf(layer);
    return exhibit && this.#ranges[exhibit.index]?.buffer;
  }

  /** Whether nothing moves and nothing waits to be drawn. */
  get resting(): boolean {
    return this.#scheduled === 0;
  }

  exhibitOf(layer: string | undefined): Exhibit | undefined {
    return this.#exhibitOf(layer);
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
    const exhibit = this.#exhibitOf(layer);
    if (!exhibit) return undefined;
    const now = performance.now();
    const { centre, half } = exhibit.unit(channel, y, x, now);
    centre.z += half.z;
    centre.project(this.camera.camera);
    return { x: ((centre.x + 1) / 2) * this.#size.width, y: ((1 - centre.y) / 2) * this.#size.height };
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
    this.#field.dispose();
    this.#backing.dispose();
    for (const lines of [this.#edges, this.#chosen, this.#tiles, ...this.exhibits.map(({ frame }) => frame)])
      lines.dispose();
    this.#labels.clear();
    this.#renderer.dispose();
    this.canvas.remove();
  }

  /** Width over height of what the panels leave free. */
  get #aspect(): number {
    const { left, right, top, bottom } = this.#insets;
    return Math.max(1, this.#size.width - left - right) / Math.max(1, this.#size.height - top - bottom);
  }

  #exhibitOf(layer: string | undefined): Exhibit | undefined {
    return layer === undefined ? undefined : this.exhibits.find(({ stand }) => stand.stages.includes(layer));
  }

  #follow(state: State, changed: ReadonlySet<keyof State>): void {
    const now = performance.now();
    if (changed.has("colors")) this.#writeColors(state);
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

  #writeColors({ colors }: State): void {
    const data = new Float32Array(512 * 4);
    for (const [half, name] of [colors, "polar" as const].entries()) {
      const table = colorMap(name);
      for (let i = 0; i < 256; i++) {
        for (let c = 0; c < 3; c++) data[4 * (256 * half + i) + c] = (table[3 * i + c] ?? 0) / 255;
      }
    }
    this.#options.device.queue.writeBuffer(this.colorsBuffer, 0, data);
  }

  /** Sends every exhibit to its place. */
  #arrange(now: number): void {
    const { state } = this.#options.store;
    const aspect = this.#aspect;
    const chosen = this.#exhibitOf(state.layer);
    const budget = this.software ? 150_000 : 900_000;
    const closed = Math.max(1500, Math.floor(budget / this.exhibits.length));
    for (const exhibit of this.exhibits) {
      const open = exhibit === chosen;
      const voxels = open ? (this.software ? 160_000 : 500_000) : closed;
      exhibit.pose({ open, layout: state.layout, explode: state.explode, aspect, voxels }, now);
    }
    const columns = Array.from(
      { length: 1 + Math.max(...this.exhibits.map(({ stand }) => stand.depth)) },
      (_, depth) => this.exhibits.filter(({ stand }) => stand.depth === depth),
    );
    let x = 0;
    const settle = this.frames === 0;
    for (const [depth, column] of columns.entries()) {
      const width = Math.max(...column.map((exhibit) => exhibit.extent().x));
      const room = Math.max(...column.map(({ open, explode }) => (open ? 1.2 + 7 * explode.goal : 0)));
      if (depth > 0) x += ROW_GAP + room;
      let y = 0;
      for (const exhibit of column) {
        const place = [x + width / 2, y] as const;
        if (settle) {
          exhibit.x.put(place[0]);
          exhibit.y.put(place[1]);
        } else {
          exhibit.x.send(place[0], now);
          exhibit.y.send(place[1], now);
        }
        y += exhibit.extent().y + 1.3;
      }
      x += width + room;
    }
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
      this.#outline(exhibit, now);
    }
    device.queue.submit([encoder.finish()]);
    this.#drawEdges(now);
    this.#drawTiles(now);
    this.#drawSelection(now);
    this.#renderer.render(this.#scene, this.camera.camera);
    this.#labels.update(this.camera.camera, this.#size.width, this.#size.height);
    this.frames++;
    if (moving) this.invalidate();
    else this.#last = 0;
  }

  #outline(exhibit: Exhibit, now: number): void {
    const { x, y, z } = exhibit.extent(now);
    exhibit.frame.set(boxPoints(new Vector3(-x / 2, 0, -z / 2), new Vector3(x / 2, y, z / 2)));
    const flat = exhibit.sheet.at(now);
    const hot = exhibit.open || this.#hovered?.layer === exhibit.layer;
    exhibit.frame.color(
      exhibit.open ? ACCENT : hot ? 0x7d8794 : 0x3c444e,
      exhibit.open ? 0.45 * (1 - flat) : 0.7 * (1 - 0.6 * flat),
    );
    const label = this.#exhibitLabels[exhibit.index];
    if (label) {
      label.at.set(0, -0.25, z / 2).add(exhibit.group.position);
      label.rank = exhibit.open ? 10 : exhibit.kind === "picture" ? 4 : 3;
      label.element.classList.toggle("open", exhibit.open);
    }
    for (const { label: answer, channel } of this.#answerLabels) {
      if (!exhibit.bars) break;
      const { centre } = exhibit.map(channel, now);
      answer.at.set(centre.x + x / 2 + 0.15, centre.y, 0);
    }
  }

  /** Faint frames around the maps of a sheet, so that silent ones are seen to be there. */
  #drawTiles(now: number): void {
    const open = this.exhibits.find((exhibit) => exhibit.kind === "volume" && exhibit.sheet.at(now) > 0.02);
    const points: number[] = [];
    const corners: number[] = [];
    if (open) {
      const [height, width, channels] = open.size;
      for (let channel = 0; channel < channels; channel += open.stride[2]) {
        const { centre, cell } = open.map(channel, now);
        const [x, y, z] = [(width * cell) / 2, (height * cell) / 2, centre.z - open.voxelExtent(now).z];
        const [a, b, c, d] = [centre.x - x, centre.x + x, centre.y - y, centre.y + y];
        corners.push(a, c, z, b, c, z, b, d, z, a, c, z, b, d, z, a, d, z);
        points.push(a, c, z, b, c, z, b, c, z, b, d, z, b, d, z, a, d, z, a, d, z, a, c, z);
      }
      this.#tiles.color(0x4a525d, 0.55 * open.sheet.at(now));
    }
    this.#tiles.set(points);
    this.#backing.set(corners, open ? open.sheet.at(now) : 0);
  }

  #makeAnswerLabels(names: readonly string[] | undefined): void {
    const exhibit = this.exhibits.findLast(({ bars }) => bars);
    if (!exhibit || !names) return;
    for (let channel = 0; channel < exhibit.size[2]; channel++) {
      const element = document.createElement("div");
      element.className = "answer";
      element.dataset.anchor = "left";
      element.textContent = names[channel] ?? String(channel);
      this.#answerLabels.push({ label: this.#labels.add(element, 1), channel });
    }
  }

  /** Lines from each exhibit to those that it feeds; ways around others are arcs. */
  #drawEdges(now: number): void {
    const points: number[] = [];
    for (const exhibit of this.exhibits) {
      const to = exhibit.box(now);
      for (const index of exhibit.stand.from) {
        const source = this.exhibits[index];
        if (!source) continue;
        const from = source.box(now);
        const a = new Vector3(from.max.x, (from.min.y + from.max.y) / 2, 0);
        const b = new Vector3(to.min.x, (to.min.y + to.max.y) / 2, 0);
        const far = exhibit.stand.depth - source.stand.depth > 1;
        const bow = far ? 2.2 + 0.1 * (b.x - a.x) + Math.max(from.max.y, to.max.y) - (a.y + b.y) / 2 : 0;
        const steps = far || Math.abs(a.y - b.y) > 0.01 ? 12 : 1;
        let before = a;
        for (let i = 1; i <= steps; i++) {
          const t = i / steps;
          const s = t * t * (3 - 2 * t);
          const next = new Vector3(
            a.x + (b.x - a.x) * t,
            a.y + (b.y - a.y) * s + bow * 4 * t * (1 - t) * 0.5,
            0,
          );
          points.push(...before.toArray(), ...next.toArray());
          before = next;
        }
      }
    }
    this.#edges.set(points);
  }

  #drawSelection(now: number): void {
    const { state } = this.#options.store;
    const open = this.#exhibitOf(state.layer);
    const chosen: number[] = [];
    if (open && open.kind === "volume" && state.channel !== undefined && state.channel < open.size[2]) {
      const { centre, cell } = open.map(state.channel, now);
      const half = new Vector3(
        (open.size[1] * cell) / 2,
        (open.size[0] * cell) / 2,
        open.voxelExtent(now).z,
      ).addScalar(cell * 0.2);
      chosen.push(...boxPoints(centre.clone().sub(half), centre.clone().add(half)));
    }
    this.#chosen.set(chosen);
    const fixed =
      state.layer !== undefined &&
      state.channel !== undefined &&
      state.y !== undefined &&
      state.x !== undefined
        ? { layer: state.layer, channel: state.channel, y: state.y, x: state.x }
        : undefined;
    const unit = this.#hovered ?? fixed;
    const exhibit = this.#exhibitOf(unit?.layer);
    if (!unit || !exhibit || exhibit.kind === "picture") {
      this.#field.hide();
      return;
    }
    this.#field.show(exhibit.unit(unit.channel, unit.y, unit.x, now), this.#patch(unit));
  }

  /** Corners of a unit's receptive field on the picture in the room. */
  #patch(unit: Hovered | { layer: string; y: number; x: number }): Vector3[] | undefined {
    const { network } = this.#options;
    const [picture] = this.exhibits;
    if (!picture) return undefined;
    const { inside } = receptiveField(network.graph, unit);
    const box = picture.box(performance.now());
    const [height, width] = picture.size;
    const x = (column: number) => box.min.x + (column / width) * (box.max.x - box.min.x);
    const y = (row: number) => box.max.y - (row / height) * (box.max.y - box.min.y);
    const z = 0.02;
    return [
      new Vector3(x(inside.left), y(inside.top), z),
      new Vector3(x(inside.right), y(inside.top), z),
      new Vector3(x(inside.right), y(inside.bottom), z),
      new Vector3(x(inside.left), y(inside.bottom), z),
    ];
  }

  #ray({ x, y }: { readonly x: number; readonly y: number }): ThreeRay {
    const { camera } = this.camera;
    const ndc = new Vector2((x / this.#size.width) * 2 - 1, 1 - (y / this.#size.height) * 2);
    const origin = camera.position.clone();
    const direction = new Vector3(ndc.x, ndc.y, 0.5).unproject(camera).sub(origin).normalize();
    return new ThreeRay(origin, direction);
  }

  /** The exhibits that a ray may meet, nearest first. */
  #along(ray: ThreeRay): Exhibit[] {
    const now = performance.now();
    const hits = this.exhibits.flatMap((exhibit) => {
      const box = exhibit.box(now).expandByScalar(0.03);
      const hit = ray.intersectBox(box, new Vector3());
      return hit
        ? [{ exhibit, distance: box.containsPoint(ray.origin) ? 0 : hit.distanceTo(ray.origin) }]
        : [];
    });
    return hits.sort((a, b) => a.distance - b.distance).map(({ exhibit }) => exhibit);
  }

  /** The voxel that is seen at a place on the canvas. */
  async pick(at: { readonly x: number; readonly y: number }): Promise<Hovered | undefined> {
    const ray = this.#ray(at);
    for (const exhibit of this.#along(ray)) {
      if (!exhibit.volume) {
        if (exhibit.kind === "picture") return undefined;
        continue;
      }
      const origin = ray.origin.clone().sub(exhibit.group.position);
      const hit = await exhibit.volume.pick({ origin: origin.toArray(), direction: ray.direction.toArray() });
      if (!hit) continue;
      const [, width, channels] = exhibit.size;
      const pixel = Math.floor(hit.index / channels);
      return {
        layer: exhibit.layer,
        channel: hit.index % channels,
        y: Math.floor(pixel / width),
        x: pixel % width,
        value: hit.value,
      };
    }
    return undefined;
  }

  #hover(at: { x: number; y: number } | undefined): void {
    this.#pickNext = at;
    if (!at) this.#setHovered(undefined, { x: 0, y: 0 });
    if (at && !this.#picking) void this.#pickLoop();
  }

  async #pickLoop(): Promise<void> {
    this.#picking = true;
    try {
      while (this.#pickNext && !this.#disposed) {
        const at = this.#pickNext;
        this.#pickNext = undefined;
        const hovered = await this.pick(at);
        if (!this.#disposed) this.#setHovered(hovered, at);
      }
    } catch {
      // A lost device ends the question; the page rebuilds itself.
    } finally {
      this.#picking = false;
    }
  }

  #setHovered(hovered: Hovered | undefined, at: { readonly x: number; readonly y: number }): void {
    const before = this.#hovered;
    this.#hovered = hovered;
    this.canvas.style.cursor = hovered ? "pointer" : "";
    this.#options.onHover(hovered, at);
    if (before || hovered) this.invalidate();
  }

  async #click(at: { readonly x: number; readonly y: number }): Promise<void> {
    const { store } = this.#options;
    const [first] = this.#along(this.#ray(at));
    if (!first) return;
    const hit = await this.pick(at).catch(() => undefined);
    if (this.#disposed) return;
    const exhibit = this.#exhibitOf(hit?.layer) ?? first;
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

/** [H, W, C] of any activation's shape. */
export function sizeOf(shape: readonly number[]): [number, number, number] {
  const rest = shape.slice(1);
  const [height = 1, width = 1, channels = 1] = [
    ...Array<number>(Math.max(0, 3 - rest.length)).fill(1),
    ...rest,
  ];
  return [height, width, channels];
}
