import { type Box3, PerspectiveCamera, Vector3 } from "three/webgpu";
import { asksForStillness } from "./motion.ts";

/** Pixels at each edge of the page that panels cover. */
export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** Time constant of the camera's motion, in milliseconds: it has settled after about four of them. */
const EASE = 65;
const FIELD = 30;
/** The nearest and the farthest that it sees, and that it can be away. */
const FAR = 400;

interface Pose {
  azimuth: number;
  elevation: number;
  distance: number;
  x: number;
  y: number;
  z: number;
}

/** A camera that orbits a point, pans and dollies; every way of moving it sets a goal, towards which it settles. */
export class OrbitCamera {
  readonly camera: PerspectiveCamera = new PerspectiveCamera(FIELD, 1, 0.1, FAR);
  readonly #now: Pose = { azimuth: -0.5, elevation: 0.25, distance: 40, x: 0, y: 0, z: 0 };
  readonly #goal: Pose = { ...this.#now };
  #width = 1;
  #height = 1;
  #insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };

  resize(width: number, height: number, insets: Insets): void {
    this.#width = width;
    this.#height = height;
    this.#insets = insets;
    this.camera.aspect = width / height;
    this.camera.setViewOffset(
      width,
      height,
      (insets.right - insets.left) / 2,
      (insets.bottom - insets.top) / 2,
      width,
      height,
    );
    this.#apply();
  }

  orbit(dx: number, dy: number): void {
    this.#goal.azimuth -= dx * 0.006;
    this.#goal.elevation = Math.min(1.45, Math.max(-0.3, this.#goal.elevation + dy * 0.006));
  }

  /** Moves by pixels on the screen. */
  pan(dx: number, dy: number): void {
    const unit = (2 * this.#goal.distance * Math.tan((FIELD * Math.PI) / 360)) / this.#height;
    const { azimuth, elevation } = this.#goal;
    this.#goal.x -= dx * unit * Math.cos(azimuth);
    this.#goal.z += dx * unit * Math.sin(azimuth);
    this.#goal.y += dy * unit * Math.cos(elevation);
    this.#goal.x -= dy * unit * Math.sin(elevation) * Math.sin(azimuth);
    this.#goal.z -= dy * unit * Math.sin(elevation) * Math.cos(azimuth);
  }

  /** Flies: right, up and ahead, in shares of the distance to what is looked at. */
  fly(right: number, up: number, ahead: number): void {
    const { azimuth, distance } = this.#goal;
    this.#goal.x += distance * (right * Math.cos(azimuth) - ahead * Math.sin(azimuth));
    this.#goal.z += distance * (-right * Math.sin(azimuth) - ahead * Math.cos(azimuth));
    this.#goal.y += distance * up;
  }

  dolly(factor: number): void {
    this.#goal.distance = Math.min(200, Math.max(0.6, this.#goal.distance * factor));
  }

  /** Looks at a box so that it fills what the panels leave free. */
  frame(box: Box3, azimuth: number, elevation: number, margin = 1.06): void {
    const { top, right, bottom, left } = this.#insets;
    const free = [
      Math.max(80, this.#width - left - right),
      Math.max(80, this.#height - top - bottom),
    ] as const;
    const slope = Math.tan((FIELD * Math.PI) / 360) / this.#height;
    const [tanX, tanY] = [(slope * free[0]) / margin, (slope * free[1]) / margin];
    const back = new Vector3(
      Math.sin(azimuth) * Math.cos(elevation),
      Math.sin(elevation),
      Math.cos(azimuth) * Math.cos(elevation),
    );
    const across = new Vector3(Math.cos(azimuth), 0, -Math.sin(azimuth));
    const above = new Vector3().crossVectors(back, across);
    const corners = [0, 1, 2, 3, 4, 5, 6, 7].map(
      (i) =>
        new Vector3(
          i & 1 ? box.max.x : box.min.x,
          i & 2 ? box.max.y : box.min.y,
          i & 4 ? box.max.z : box.min.z,
        ),
    );
    const target = box.getCenter(new Vector3());
    let distance = 1;
    // The near end of an oblique row looms larger: shift the target until both ends leave the same margin.
    for (let round = 0; round < 12; round++) {
      const at = corners.map((corner) => {
        const from = corner.clone().sub(target);
        return { u: from.dot(across), v: from.dot(above), w: from.dot(back) };
      });
      distance = Math.max(...at.map(({ u, v, w }) => w + Math.max(Math.abs(u) / tanX, Math.abs(v) / tanY)));
      const us = at.map(({ u, w }) => u / (distance - w));
      const vs = at.map(({ v, w }) => v / (distance - w));
      target.addScaledVector(across, ((Math.max(...us) + Math.min(...us)) / 2) * distance * 0.8);
      target.addScaledVector(above, ((Math.max(...vs) + Math.min(...vs)) / 2) * distance * 0.8);
    }
    const turns = Math.round((this.#goal.azimuth - azimuth) / (2 * Math.PI));
    Object.assign(this.#goal, {
      azimuth: azimuth + turns * 2 * Math.PI,
      elevation,
      distance,
      x: target.x,
      y: target.y,
      z: target.z,
    });
  }

  /** The view that the camera goes to, as text. */
  get view(): string {
    const { azimuth, elevation, distance, x, y, z } = this.#goal;
    return [azimuth, elevation, distance, x, y, z].map((value) => Number(value.toFixed(2))).join(",");
  }

  /** Goes where such a text says; returns whether it could be read, and is a place from which something can be seen. */
  look(view: string): boolean {
    const values = view.split(",").map(Number);
    const [azimuth, elevation, distance, x, y, z] = values;
    if (values.length !== 6 || !values.every((value) => Math.abs(value) <= FAR)) return false;
    if (elevation === undefined || Math.abs(elevation) > Math.PI / 2 || !distance || distance <= 0)
      return false;
    Object.assign(this.#goal, { azimuth, elevation, distance, x, y, z });
    return true;
  }

  /** Is there now. */
  arrive(): void {
    Object.assign(this.#now, this.#goal);
    this.#apply();
  }

  /** Moves on by some milliseconds; returns whether it is still under way. */
  step(elapsed: number): boolean {
    const share = asksForStillness() ? 1 : 1 - Math.exp(-Math.min(elapsed, 100) / EASE);
    let away = 0;
    for (const key of Object.keys(this.#now) as (keyof Pose)[]) {
      const left = this.#goal[key] - this.#now[key];
      this.#now[key] += left * share;
      const unit = key === "azimuth" || key === "elevation" ? 1 : this.#goal.distance;
      away = Math.max(away, Math.abs(left * (1 - share)) / unit);
    }
    if (away < 4e-4) Object.assign(this.#now, this.#goal);
    this.#apply();
    return away >= 4e-4;
  }

  #apply(): void {
    const { azimuth, elevation, distance, x, y, z } = this.#now;
    this.camera.position.set(
      x + distance * Math.sin(azimuth) * Math.cos(elevation),
      y + distance * Math.sin(elevation),
      z + distance * Math.cos(azimuth) * Math.cos(elevation),
    );
    this.camera.lookAt(x, y, z);
    this.camera.near = Math.max(0.05, distance * 0.02);
    this.camera.far = distance + 200;
    this.camera.updateProjectionMatrix();
    this.camera.updateMatrixWorld();
  }
}
