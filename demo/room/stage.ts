import { type PerspectiveCamera, Scene, type StorageBufferAttribute } from "three/webgpu";
import { formsOf, headsOf, inputOf, LayerForm } from "../../src/graph.ts";
import type { Network } from "../../src/index.ts";
import { shortNames } from "../layer-names.ts";
import type { LookState } from "../state/look.ts";
import type { Selection } from "../state/selection.ts";
import type { SharedState } from "../state/shared.ts";
import { exhibitOf } from "./arrangement.ts";
import { attributeOf, bufferBehind, release } from "./buffer-attributes.ts";
import { Exhibit } from "./exhibit.ts";
import { LinesAround } from "./lines-around.ts";
import { Names } from "./names.ts";
import { createPalette, writePalette } from "./palette.ts";
import type { Hovered } from "./picking.ts";
import { createPicture, type Picture } from "./picture.ts";
import { planOf } from "./plan.ts";
import { RANGE, Ranges } from "./ranges.ts";
import type { Screen } from "./screen.ts";
import { Volume } from "./volume.ts";

export interface StageOptions {
  readonly screen: Screen;
  readonly network: Network;
  readonly colors: LookState["colors"];
  /** The picture that the network sees, drawn by the session. */
  readonly picture: HTMLCanvasElement;
}

/** The things in the room, and how a frame of them is drawn: the exhibits, their volumes, the lines around them. */
export class Stage {
  readonly exhibits: readonly Exhibit[];
  /** The room's colours on the GPU; see palette.ts. */
  readonly colorsBuffer: GPUBuffer;
  readonly names: Names;
  readonly picture: Picture;

  readonly #screen: Screen;
  readonly #network: Network;
  readonly #scene = new Scene();
  readonly #around: LinesAround;
  readonly #ranges: readonly (Ranges | undefined)[];
  readonly #colors: StorageBufferAttribute;

  constructor({ screen, network, colors, picture }: StageOptions) {
    const { device, renderer, host, kernels } = screen;
    this.#screen = screen;
    this.#network = network;
    this.colorsBuffer = createPalette(device);
    this.#colors = attributeOf(renderer, this.colorsBuffer, 4);
    this.color(colors);

    const { graph } = network;
    const plan = planOf(graph);
    const all = formsOf(graph);
    const forms = plan.map(({ shown }) => all.get(shown) ?? LayerForm.of([]));
    const sizes = forms.map(({ size }) => size);
    const largest = {
      edge: Math.max(...sizes.map(([height, width]) => Math.max(height, width))),
      channels: Math.max(...sizes.map(([height, width, channels]) => (height * width > 1 ? channels : 1))),
    };
    const heads = headsOf(graph);
    const seen = inputOf(graph).name;
    const titles = shortNames(plan.map(({ shown }) => shown));
    const answers = heads.flatMap(({ logits, output }) => [logits, output]);
    this.exhibits = plan.map(
      (stand, index) =>
        new Exhibit(stand, index, forms[index] ?? LayerForm.of([]), largest, {
          answers: answers.some((name) => stand.stages.includes(name)),
          picture: stand.shown === seen,
          title: titles.get(stand.shown),
        }),
    );
    this.names = new Names(host.querySelector<HTMLElement>(".labels") ?? host, this.exhibits, heads);
    this.#ranges = this.exhibits.map(({ kind, layer, form }) =>
      kind === "picture" ? undefined : new Ranges(device, kernels, network.activation(layer).buffer, form),
    );
    this.picture = createPicture(picture);
    this.exhibits.find(({ kind }) => kind === "picture")?.group.add(this.picture.mesh);
    this.#around = new LinesAround(graph, this.exhibits);
    this.#scene.add(this.#around.object, ...this.exhibits.map(({ group }) => group));
  }

  /** Takes other colours. */
  color(colors: LookState["colors"]): void {
    writePalette(this.#screen.device, this.colorsBuffer, colors);
  }

  /** Finds every layer's ranges anew, on the GPU. */
  measure(): void {
    const encoder = this.#screen.device.createCommandEncoder({ label: "ranges" });
    const pass = encoder.beginComputePass();
    for (const ranges of this.#ranges) ranges?.encode(pass);
    pass.end();
    this.#screen.device.queue.submit([encoder.finish()]);
    for (const { volume } of this.exhibits) volume?.spoil();
    this.picture.changed();
  }

  /** Reads back how many values of each layer that is shown are NaN or infinite: of the layers that have any. */
  async readStrange(): Promise<ReadonlyMap<string, number>> {
    const { device } = this.#screen;
    const shown = this.exhibits.flatMap(({ index, layer, size }) => {
      const ranges = this.#ranges[index];
      return ranges ? [{ layer, buffer: ranges.buffer, at: 4 * (RANGE * (size[2] + 1) - 1) }] : [];
    });
    const staging = device.createBuffer({
      label: "counts of strange values",
      size: 4 * shown.length,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    try {
      const encoder = device.createCommandEncoder();
      for (const [i, { buffer, at }] of shown.entries())
        encoder.copyBufferToBuffer(buffer, at, staging, 4 * i, 4);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const counts = new Float32Array(staging.getMappedRange());
      return new Map(
        shown.flatMap(({ layer }, i) => ((counts[i] ?? 0) > 0 ? [[layer, counts[i] ?? 0]] : [])),
      );
    } finally {
      staging.destroy();
    }
  }

  /** The range buffer of the exhibit that shows a layer. */
  rangesOf(layer: string): GPUBuffer | undefined {
    const exhibit = exhibitOf(this.exhibits, layer);
    return exhibit && this.#ranges[exhibit.index]?.buffer;
  }

  /** True if three draws every shown activation from the network's own buffers; for tests. */
  drawsFromActivations(): boolean {
    const volumes = this.exhibits.filter(({ volume }) => volume);
    return (
      volumes.length > 0 &&
      volumes.every(
        ({ volume, layer }) =>
          volume &&
          bufferBehind(this.#screen.renderer, volume.attributes.activation) ===
            this.#network.activation(layer).buffer,
      )
    );
  }

  /** Draws a frame as it is at a moment; returns whether something in it is on its way. */
  draw(
    state: SharedState,
    hovered: Hovered | undefined,
    camera: PerspectiveCamera,
    size: { readonly width: number; readonly height: number },
    now: number,
  ): boolean {
    const { device, renderer } = this.#screen;
    let moving = false;
    const encoder = device.createCommandEncoder({ label: "room" });
    const eye = camera.position;
    for (const exhibit of this.exhibits) {
      if (exhibit.step(now)) moving = true;
      const { seen } = exhibit;
      const volume = this.#ensureVolume(exhibit);
      if (volume) {
        const perMap = state.scale === "map" && exhibit.kind === "volume";
        volume.place(encoder, exhibit.kind === "vector" ? 0 : state.threshold, perMap, seen);
        volume.look.extent.value.copy(seen.voxel);
        volume.look.eye.value.copy(eye).sub(seen.position);
        volume.look.perMap.value = Number(perMap);
        volume.look.bars.value = Number(exhibit.bars);
      } else {
        this.picture.scale(seen.extent);
      }
      exhibit.outline(hovered?.layer === exhibit.layer);
    }
    device.queue.submit([encoder.finish()]);
    this.#around.draw(state, hovered ?? unitOf(state));
    renderer.render(this.#scene, camera);
    this.names.draw(camera, size.width, size.height);
    return moving;
  }

  dispose(): void {
    for (const exhibit of this.exhibits) exhibit.volume?.destroy();
    for (const ranges of this.#ranges) ranges?.destroy();
    release(this.#colors);
    this.colorsBuffer.destroy();
    this.picture.dispose();
    this.#around.dispose();
    this.names.dispose();
    for (const { frame } of this.exhibits) frame.dispose();
  }

  #ensureVolume(exhibit: Exhibit): Volume | undefined {
    const ranges = this.#ranges[exhibit.index];
    if (!ranges) return undefined;
    const { device, renderer, kernels } = this.#screen;
    const needed = exhibit.seen.count.reduce((product, axis) => product * axis, 1);
    if (exhibit.volume && exhibit.volume.capacity >= needed) return exhibit.volume;
    exhibit.volume?.destroy();
    exhibit.volume?.mesh.removeFromParent();
    exhibit.volume = new Volume(
      renderer,
      device,
      kernels,
      this.#colors,
      ranges,
      this.#network.activation(exhibit.layer),
      exhibit.form,
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
