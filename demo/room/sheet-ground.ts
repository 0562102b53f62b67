import { BufferAttribute, BufferGeometry, Mesh, MeshBasicNodeMaterial } from "three/webgpu";
import { lineColors } from "./line-colors.ts";

/** Dark ground behind the maps of a sheet: what lies below the threshold is dark, not empty. */
export interface SheetGround {
  readonly object: Mesh;
  /** Sets the rectangles, two triangles each, and how dark they are. */
  set(corners: readonly number[], strength: number): void;
  dispose(): void;
}

/** @param most how many maps a sheet can have. */
export function createSheetGround(most: number): SheetGround {
  const geometry = new BufferGeometry();
  const positions = new BufferAttribute(new Float32Array(most * 18), 3);
  geometry.setAttribute("position", positions);
  const material = new MeshBasicNodeMaterial({ color: 0x000000, transparent: true, depthWrite: false });
  const object = new Mesh(geometry, material);
  object.frustumCulled = false;
  object.visible = false;
  return {
    object,
    set(corners, strength) {
      object.visible = corners.length > 0;
      if (!object.visible) return;
      positions.array.set(corners);
      positions.needsUpdate = true;
      geometry.setDrawRange(0, corners.length / 3);
      material.opacity = lineColors().ground * strength;
    },
    dispose() {
      geometry.dispose();
      material.dispose();
    },
  };
}
