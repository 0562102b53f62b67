import {
  CanvasTexture,
  DoubleSide,
  LinearFilter,
  Mesh,
  MeshBasicNodeMaterial,
  NearestFilter,
  NoColorSpace,
  PlaneGeometry,
  type Vector3,
} from "three/webgpu";

/** The image that the network sees, as a picture standing in the room. */
export interface Picture {
  readonly mesh: Mesh;
  /** The canvas was drawn on. */
  changed(): void;
  /** Sets its width and height. */
  scale(extent: Vector3): void;
  dispose(): void;
}

export function createPicture(canvas: HTMLCanvasElement): Picture {
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = NoColorSpace;
  texture.magFilter = NearestFilter;
  texture.minFilter = LinearFilter;
  texture.generateMipmaps = false;
  const geometry = new PlaneGeometry(1, 1);
  geometry.translate(0, 0.5, 0);
  const material = new MeshBasicNodeMaterial({ map: texture, side: DoubleSide });
  const mesh = new Mesh(geometry, material);
  return {
    mesh,
    changed() {
      texture.needsUpdate = true;
    },
    scale({ x, y }) {
      mesh.scale.set(x, y, 1);
    },
    dispose() {
      texture.dispose();
      geometry.dispose();
      material.dispose();
    },
  };
}
