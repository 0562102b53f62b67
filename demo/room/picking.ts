import { type PerspectiveCamera, Ray, Vector3 } from "three/webgpu";
import type { Exhibit } from "./exhibit.ts";

/** A place on the canvas, in pixels. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** A unit under the pointer, and the value that its activation holds. */
export interface Hovered {
  readonly layer: string;
  readonly channel: number;
  readonly y: number;
  readonly x: number;
  readonly value: number;
}

/** The ray from the eye through a place on a canvas of a size. */
export function rayThrough({ x, y }: Spot, camera: PerspectiveCamera, width: number, height: number): Ray {
  const origin = camera.position.clone();
  const direction = new Vector3((x / width) * 2 - 1, 1 - (y / height) * 2, 0.5).unproject(camera);
  return new Ray(origin, direction.sub(origin).normalize());
}

/** The exhibits that a ray may meet, nearest first. */
export function exhibitsAlong(exhibits: readonly Exhibit[], ray: Ray): Exhibit[] {
  const now = performance.now();
  const hits = exhibits.flatMap((exhibit) => {
    const box = exhibit.box(now).expandByScalar(0.03);
    const hit = ray.intersectBox(box, new Vector3());
    return hit ? [{ exhibit, distance: box.containsPoint(ray.origin) ? 0 : hit.distanceTo(ray.origin) }] : [];
  });
  return hits.sort((a, b) => a.distance - b.distance).map(({ exhibit }) => exhibit);
}

/** The voxel that a ray meets first: found on the GPU among those that are drawn. */
export async function pickAlong(exhibits: readonly Exhibit[], ray: Ray): Promise<Hovered | undefined> {
  for (const { kind, volume, group, size, layer } of exhibitsAlong(exhibits, ray)) {
    if (kind === "picture") return undefined;
    const origin = ray.origin.clone().sub(group.position);
    const hit = await volume?.pick({ origin: origin.toArray(), direction: ray.direction.toArray() });
    if (!hit) continue;
    const [, width, channels] = size;
    const pixel = Math.floor(hit.index / channels);
    return {
      layer,
      channel: hit.index % channels,
      y: Math.floor(pixel / width),
      x: pixel % width,
      value: hit.value,
    };
  }
  return undefined;
}

/** Asks for the unit under a moving pointer, one question at a time: only the newest place counts. */
export class Follower {
  readonly #pick: (at: Spot) => Promise<Hovered | undefined>;
  readonly #tell: (hovered: Hovered | undefined, at: Spot) => void;
  #next: Spot | undefined;
  #busy = false;
  #present = false;

  constructor(
    pick: (at: Spot) => Promise<Hovered | undefined>,
    tell: (hovered: Hovered | undefined, at: Spot) => void,
  ) {
    this.#pick = pick;
    this.#tell = tell;
  }

  /** The pointer is here now, or nowhere. */
  move(at: Spot | undefined): void {
    this.#next = at;
    this.#present = at !== undefined;
    if (!at) this.#tell(undefined, { x: 0, y: 0 });
    else if (!this.#busy) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#next) {
        const at = this.#next;
        this.#next = undefined;
        const hovered = await this.#pick(at);
        if (this.#present) this.#tell(hovered, at);
      }
    } catch {
      // A lost device ends the question; the page rebuilds itself.
    } finally {
      this.#busy = false;
    }
  }
}
