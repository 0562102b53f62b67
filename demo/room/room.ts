import type { Ray } from "three/webgpu";
import type { Head } from "../../src/graph.ts";
import type { Network, Prediction } from "../../src/index.ts";
import { type Selection, select, selects } from "../state/selection.ts";
import type { SharedState } from "../state/shared.ts";
import type { Changes, Store } from "../state/store.ts";
import { arrange, exhibitOf, homeOf } from "./arrangement.ts";
import { type Insets, OrbitCamera } from "./camera.ts";
import type { Exhibit } from "./exhibit.ts";
import {
  exhibitsAlong,
  Follower,
  goesThrough,
  type Hovered,
  pickAlong,
  rayThrough,
  type Spot,
} from "./picking.ts";
import { attachPointer } from "./pointer.ts";
import type { Screen } from "./screen.ts";
import { Stage } from "./stage.ts";

export interface RoomOptions {
  readonly screen: Screen;
  readonly network: Network;
  readonly store: Store<SharedState>;
  /** The picture that the network sees, drawn by the session. */
  readonly picture: HTMLCanvasElement;
  readonly onHover: (hovered: Hovered | undefined, at: Spot) => void;
}

/**
 * The room: a row of exhibits from the image to the answer, which follows the page's state, the pointer and the camera. It
 * draws only when something changed; see stage.ts for how.
 */
export class Room {
  readonly camera: OrbitCamera = new OrbitCamera();
  /** Frames drawn so far. */
  frames = 0;

  readonly #stage: Stage;
  readonly #options: RoomOptions;
  readonly #follower: Follower;
  readonly #stops: (() => void)[] = [];
  #insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  #size = { width: 1, height: 1 };
  #scheduled = 0;
  #last = 0;
  #hovered: Hovered | undefined;
  #viewTimer = 0;
  /** True while the camera is where `home` sends it; then it goes along when the panels leave other space free. */
  #atHome = false;
  #disposed = false;

  constructor(options: RoomOptions) {
    this.#options = options;
    this.#stage = new Stage({ ...options, colors: options.store.state.colors });
    this.#follower = new Follower({
      pick: (at) => this.pick(at),
      holds: (hovered, at) => goesThrough(this.exhibits, this.#ray(at), hovered),
      tell: (hovered, at) => this.#setHovered(hovered, at),
    });
    this.#stops.push(
      options.store.listen((state, changed) => this.#follow(state, changed)),
      attachPointer(this.canvas, this.camera, {
        hover: (at) => this.#follower.move(at),
        click: (at) => void this.#click(at),
        moved: () => this.#moved(),
      }),
    );
    this.#arrange(performance.now());
  }

  get exhibits(): readonly Exhibit[] {
    return this.#stage.exhibits;
  }

  get canvas(): HTMLCanvasElement {
    return this.#options.screen.canvas;
  }

  /** The room's colours on the GPU; see palette.ts. */
  get colorsBuffer(): GPUBuffer {
    return this.#stage.colorsBuffer;
  }

  /** The network ran again: ranges and visible voxels are found anew, on the GPU. */
  activationsChanged(): void {
    this.#stage.measure();
    this.#stir();
  }

  /** Counts the values that are NaN or infinite, of each layer that has any; they are not drawn. */
  async readStrange(): Promise<ReadonlyMap<string, number>> {
    const strange = await this.#stage.readStrange();
    if (!this.#disposed) {
      this.#stage.names.warn(new Set(strange.keys()));
      this.invalidate();
    }
    return strange;
  }

  /** Takes up a change of the picture or of its overlay. */
  pictureChanged(): void {
    this.#stage.picture.changed();
    this.invalidate();
  }

  /** The strongest classes changed: the first is named in the room. */
  showAnswers(head: Head, answers: readonly Prediction[]): void {
    this.#stage.names.mark(head, head.kind === "values" ? undefined : answers[0]?.index);
    this.invalidate();
  }

  /** The room's size or what covers it changed. */
  resize(insets: Insets): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0) return;
    this.#size = { width, height };
    this.#insets = insets;
    this.#options.screen.resize(width, height);
    this.camera.resize(width, height, insets);
    this.#arrange(performance.now());
    if (this.#atHome) this.home();
    this.#stir();
  }

  /** Looks at what is selected, or at everything. */
  home(): void {
    const { state } = this.#options.store;
    const { box, azimuth, elevation, margin } = homeOf(this.exhibits, state, this.#aspect);
    this.camera.frame(box, azimuth, elevation, margin);
    this.#atHome = true;
    this.#stir();
    this.#rememberView();
  }

  /** Goes where a text from the address says, without a journey. */
  look(view: string | undefined): void {
    this.#atHome = false;
    if (!view || !this.camera.look(view)) this.home();
    this.camera.arrive();
    this.#stir();
  }

  /** Flies by keys. */
  fly(right: number, up: number, ahead: number): void {
    this.camera.fly(right, up, ahead);
    this.#moved();
  }

  /** The range buffer of the exhibit that shows a layer. */
  rangesOf(layer: string): GPUBuffer | undefined {
    return this.#stage.rangesOf(layer);
  }

  /** True if nothing moves and nothing waits to be drawn. */
  get resting(): boolean {
    return this.#scheduled === 0;
  }

  /** The exhibit that shows a layer, if there is one. */
  exhibitOf(layer: string | undefined): Exhibit | undefined {
    return exhibitOf(this.exhibits, layer);
  }

  /** True if three draws every shown activation from the network's own buffers; for tests. */
  drawsFromActivations(): boolean {
    return this.#stage.drawsFromActivations();
  }

  /** The place of a unit on the canvas, in pixels; for tests. */
  project({ layer, channel = 0, y = 0, x = 0 }: Selection): { x: number; y: number } | undefined {
    const exhibit = this.exhibitOf(layer);
    if (!exhibit) return undefined;
    const unit = exhibit.seen.unit(channel, y, x);
    if (!unit) return undefined;
    const centre = unit.centre.clone();
    centre.z += unit.half.z;
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
    return this.#options.screen.png(background);
  }

  /** Something in the room moves or changes: a frame is asked for, and what lies under the pointer is found again. */
  #stir(): void {
    this.#follower.stir();
    this.invalidate();
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
    this.canvas.style.cursor = "";
    this.#stage.dispose();
  }

  /** Width over height of what the panels leave free. */
  get #aspect(): number {
    const { left, right, top, bottom } = this.#insets;
    return Math.max(1, this.#size.width - left - right) / Math.max(1, this.#size.height - top - bottom);
  }

  #follow(state: SharedState, changed: Changes<SharedState>): void {
    if (changed.has("colors")) this.#stage.color(state.colors);
    if (selects(changed) || changed.has("from") || changed.has("layout") || changed.has("explode"))
      this.#arrange(performance.now());
    if (changed.has("threshold") || changed.has("scale")) this.#stir();
    const grows = changed.has("explode") && this.#atHome;
    if (changed.has("layer") || changed.has("layout") || grows) this.home();
    if (changed.size > 1 || !changed.has("view")) this.invalidate();
  }

  /** Sends every exhibit to its place. */
  #arrange(now: number): void {
    const { software } = this.#options.screen;
    const surroundings = { aspect: this.#aspect, software, settle: this.frames === 0 };
    arrange(this.exhibits, this.#options.store.state, surroundings, now);
    this.#stir();
  }

  #draw(now: number): void {
    if (this.#disposed) return;
    const travels = this.camera.step(this.#last === 0 ? 16 : now - this.#last);
    this.#last = now;
    const { state } = this.#options.store;
    const moves = this.#stage.draw(state, this.#hovered, this.camera.camera, this.#size, now);
    this.frames++;
    if (travels || moves) this.invalidate();
    else {
      this.#last = 0;
      this.#follower.rest();
    }
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
      select(store, { layer: exhibit.layer });
      return;
    }
    select(store, { layer: exhibit.layer, channel: hit.channel, y: hit.y, x: hit.x });
  }

  /** The camera was moved by hand. */
  #moved(): void {
    this.#atHome = false;
    this.#stir();
    this.#rememberView();
  }

  /** Puts the view into the page's state, unless it is the one that everybody begins with. */
  #rememberView(): void {
    clearTimeout(this.#viewTimer);
    const remember = () => this.#options.store.set({ view: this.#atHome ? undefined : this.camera.view });
    this.#viewTimer = window.setTimeout(remember, 300);
  }
}
