import {
  BufferAttribute,
  BufferGeometry,
  LineBasicNodeMaterial,
  LineSegments,
  type Vector3,
} from "three/webgpu";

/** Thin lines whose points may change. */
export interface Lines {
  readonly object: LineSegments;
  /** Sets the points, two a segment. */
  set(points: ArrayLike<number>): void;
  color(value: number, opacity?: number): void;
  /** Lets them be seen through whatever stands before them, from now on. */
  overlay(): void;
  dispose(): void;
}

/** @param most how many segments there will be at most. */
export function createLines(most: number, color: number, opacity = 1): Lines {
  const geometry = new BufferGeometry();
  const positions = new BufferAttribute(new Float32Array(most * 6), 3);
  geometry.setAttribute("position", positions);
  geometry.setDrawRange(0, 0);
  const material = new LineBasicNodeMaterial({ color, transparent: true, opacity, depthWrite: false });
  const object = new LineSegments(geometry, material);
  object.frustumCulled = false;
  object.visible = false;
  return {
    object,
    set(points) {
      const count = Math.min(points.length, positions.array.length);
      for (let i = 0; i < count; i++) positions.array[i] = points[i] ?? 0;
      positions.needsUpdate = true;
      geometry.setDrawRange(0, count / 3);
      object.visible = count > 0;
    },
    color(value, strength = 1) {
      material.color.set(value);
      material.opacity = strength;
    },
    overlay() {
      material.depthTest = false;
    },
    dispose() {
      geometry.dispose();
      material.dispose();
    },
  };
}

const EDGES = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((corner) =>
  [1, 2, 4].filter((axis) => (corner & axis) === 0).map((axis) => [corner, corner | axis] as const),
);

/** The twelve edges of a box. */
export function boxPoints(min: Vector3, max: Vector3): number[] {
  return EDGES.flatMap((edge) =>
    edge.flatMap((corner) => [
      corner & 1 ? max.x : min.x,
      corner & 2 ? max.y : min.y,
      corner & 4 ? max.z : min.z,
    ]),
  );
}

/** Lines for one box. */
export function boxLines(color = 0x39404a, opacity = 0.8): Lines {
  return createLines(12, color, opacity);
}
