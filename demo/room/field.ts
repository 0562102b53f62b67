import {
  BufferAttribute,
  BufferGeometry,
  DoubleSide,
  Group,
  Mesh,
  MeshBasicNodeMaterial,
  Vector3,
} from "three/webgpu";
import { lineColors } from "./line-colors.ts";
import { boxPoints, createLines } from "./lines.ts";

/** A unit, and the frustum from it back to the pixels that it sees. */
export interface Field {
  readonly object: Group;
  /** Draws it. `patch` holds the corners of the receptive field: left top, right top, right bottom, left bottom. */
  show(unit: { readonly centre: Vector3; readonly half: Vector3 }, patch?: readonly Vector3[]): void;
  hide(): void;
  dispose(): void;
}

export function createField(): Field {
  const object = new Group();
  const lines = createLines(24, lineColors().accent, 0.9);
  const geometry = new BufferGeometry();
  const positions = new BufferAttribute(new Float32Array(30 * 3), 3);
  geometry.setAttribute("position", positions);
  const material = new MeshBasicNodeMaterial({
    color: lineColors().accent,
    transparent: true,
    opacity: 0.07,
    depthWrite: false,
    depthTest: false,
    side: DoubleSide,
  });
  const glass = new Mesh(geometry, material);
  glass.frustumCulled = false;
  glass.renderOrder = 2;
  lines.object.renderOrder = 3;
  // Seen through everything: in a sheet it runs along the maps.
  lines.overlay();
  object.add(glass, lines.object);
  object.visible = false;
  return {
    object,
    show({ centre, half }, patch) {
      object.visible = true;
      lines.color(lineColors().accent, 0.9);
      material.color.set(lineColors().accent);
      const grown = half.clone().multiplyScalar(1.08).addScalar(0.004);
      const points = boxPoints(centre.clone().sub(grown), centre.clone().add(grown));
      glass.visible = patch !== undefined;
      if (patch) {
        const near = [
          [-1, 1],
          [1, 1],
          [1, -1],
          [-1, -1],
        ].map(([x = 0, y = 0]) => new Vector3(centre.x + x * half.x, centre.y + y * half.y, centre.z));
        const sides: number[] = [];
        for (let i = 0; i < 4; i++) {
          const j = (i + 1) % 4;
          const [a, b, c, d] = [patch[i], patch[j], near[j], near[i]];
          if (!a || !b || !c || !d) continue;
          points.push(...a.toArray(), ...b.toArray());
          points.push(...a.toArray(), ...d.toArray());
          for (const corner of [a, b, c, a, c, d]) sides.push(...corner.toArray());
        }
        const quad = [0, 1, 2, 0, 2, 3].flatMap((i) => patch[i]?.toArray() ?? []);
        positions.array.set([...sides, ...quad].slice(0, 90));
        positions.needsUpdate = true;
      }
      lines.set(points);
    },
    hide() {
      object.visible = false;
    },
    dispose() {
      lines.dispose();
      geometry.dispose();
      material.dispose();
    },
  };
}
