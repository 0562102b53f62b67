import { Box3, type PerspectiveCamera, Ray, Vector3 } from "three/webgpu";
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
  const hits = exhibits.flatMap((exhibit) => {
    const box = exhibit.seen.box.expandByScalar(0.03);
    const hit = ray.intersectBox(box, new Vector3());
    return hit ? [{ exhibit, distance: box.containsPoint(ray.origin) ? 0 : hit.distanceTo(ray.origin) }] : [];
  });
  return hits.sort((a, b) => a.distance - b.distance).map(({ exhibit }) => exhibit);
}

/** The voxel that a ray meets first: found on the GPU among those that are drawn. */
export async function pickAlong(exhibits: readonly Exhibit[], ray: Ray): Promise<Hovered | undefined> {
  for (const { kind, volume, group, form, layer } of exhibitsAlong(exhibits, ray)) {
    if (kind === "picture") return undefined;
    const origin = ray.origin.clone().sub(group.position);
    const hit = await volume?.pick({ origin: origin.toArray(), direction: ray.direction.toArray() });
    if (!hit) continue;
    return { layer, ...form.at(hit.index), value: hit.value };
  }
  return undefined;
}

/** True if a ray still goes through the voxel of a unit, wherever that stands by now. */
export function goesThrough(
  exhibits: readonly Exhibit[],
  ray: Ray,
  { layer, channel, y, x }: Hovered,
): boolean {
  const unit = exhibits.find((exhibit) => exhibit.layer === layer)?.seen.unit(channel, y, x);
  return (
    !!unit &&
    ray.intersectsBox(new Box3().setFromCenterAndSize(unit.centre, unit.half.clone().multiplyScalar(2)))
  );
}

/** The questions that a follower asks, and its listener. */
export interface Followed {
  /** The unit at a place, as it is drawn now. */
  pick(at: Spot): Promise<Hovered | undefined>;
  /** True if a place is still on a unit. */
  holds(hovered: Hovered, at: Spot): boolean;
  /** Told the unit under the pointer, or nothing while nobody knows. */
  tell(hovered: Hovered | undefined, at: Spot): void;
}

/**
 * Knows the unit under the pointer. One question at a time; an answer counts only if neither the pointer nor the room moved
 * since it was asked for.
 */
export class Follower {
  readonly #followed: Followed;
  #at: Spot | undefined;
  #told: Hovered | undefined;
  /** Counts every move of the pointer and of the room. */
  #moves = 0;
  #roomMoves = false;
  #busy = false;

  constructor(followed: Followed) {
    this.#followed = followed;
  }

  /** The pointer is here now, or nowhere. */
  move(at: Spot | undefined): void {
    this.#at = at;
    this.#moves++;
    this.#tell(this.#told && at && this.#followed.holds(this.#told, at) ? this.#told : undefined);
    void this.#ask();
  }

  /** The room begins to move, or what stands in it changed: nothing is known until it rests. */
  stir(): void {
    this.#roomMoves = true;
    this.#moves++;
    this.#tell(undefined);
  }

  /** The room was drawn and rests. */
  rest(): void {
    if (!this.#roomMoves) return;
    this.#roomMoves = false;
    void this.#ask();
  }

  #tell(hovered: Hovered | undefined): void {
    if (!hovered && !this.#told) return;
    this.#told = hovered;
    this.#followed.tell(hovered, this.#at ?? { x: 0, y: 0 });
  }

  async #ask(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let asked = -1; asked !== this.#moves; ) {
        if (!this.#at || this.#roomMoves) return;
        asked = this.#moves;
        const hovered = await this.#followed.pick(this.#at);
        if (asked === this.#moves) this.#tell(hovered);
      }
    } catch {
      // A lost device ends the question; the page rebuilds itself.
    } finally {
      this.#busy = false;
    }
  }
}
