import {
  cameraProjectionMatrix,
  modelViewMatrix,
  storage,
  uint,
  uniform,
  varying,
  vec4,
  vertexIndex,
  wgslFn,
} from "three/tsl";
import {
  DoubleSide,
  MeshBasicNodeMaterial,
  type Node,
  type StorageBufferAttribute,
  Vector3,
} from "three/webgpu";
import { RANGE } from "./ranges.ts";

/** The place of a voxel's corner: 18 vertices, two triangles for each of the three faces that look at the eye. */
const corner = wgslFn(`
  fn corner(vertex: u32, voxel: vec4<u32>, extent: vec3<f32>, eye: vec3<f32>) -> vec3<f32> {
    let centre = bitcast<vec3<f32>>(voxel.xyz);
    let face = (vertex / 6u) % 3u;
    let turn = vertex % 6u;
    // Two triangles: (0,0) (1,0) (1,1), (0,0) (1,1) (0,1).
    let u = select(-1.0, 1.0, turn == 1u || turn == 2u || turn == 4u);
    let v = select(-1.0, 1.0, turn == 2u || turn == 4u || turn == 5u);
    let to = select(vec3<f32>(-1.0), vec3<f32>(1.0), eye > centre);
    var at = vec3<f32>(to.x, u, v);
    if (face == 1u) { at = vec3<f32>(u, to.y, v); }
    if (face == 2u) { at = vec3<f32>(u, v, to.z); }
    return centre + at * extent;
  }
`);

/** The place of a value on its scale, -1..1: zero is zero, the greatest magnitude is one. */
const onScale = wgslFn(`
  fn onScale(value: f32, low: f32, high: f32) -> f32 {
    let most = max(abs(low), abs(high));
    return select(0.0, clamp(value / most, -1.0, 1.0), most > 0.0);
  }
`);

/** Row and column of the colour table: signed scales take its second half. */
const entryOf = wgslFn(`
  fn entryOf(t: f32, low: f32) -> u32 {
    let place = select(t, 0.5 + 0.5 * t, low < 0.0);
    return u32(round(clamp(place, 0.0, 1.0) * 255.0)) + select(0u, 256u, low < 0.0);
  }
`);

/** Faces towards the side and the top are a little darker, so that edges show; the front is the colour map's own. */
const shaded = wgslFn(`
  fn shaded(color: vec4<f32>, vertex: u32) -> vec3<f32> {
    let face = (vertex / 6u) % 3u;
    return color.rgb * select(select(1.0, 0.84, face == 1u), 0.66, face == 0u);
  }
`);

/** A bar begins at its left edge and is as long as its value. */
const asBar = wgslFn(`
  fn asBar(at: vec3<f32>, extent: vec3<f32>, t: f32, bars: f32) -> vec3<f32> {
    let long = mix(1.0, max(abs(t), 0.004), bars);
    return vec3<f32>((at.x + extent.x) * long - extent.x, at.y, at.z);
  }
`);

/** The result of a WGSL function, with the type that TSL does not infer. */
const typed = <T extends string>(node: unknown): Node<T> => node as Node<T>;

/** Everything that a volume's voxels are drawn from. All of it lies on the GPU already. */
export interface VoxelSources {
  /** vec4u: centre and index. */
  readonly voxels: StorageBufferAttribute;
  readonly activation: StorageBufferAttribute;
  /** [C + 1, 3]: smallest and largest finite value, how many are not finite. */
  readonly ranges: StorageBufferAttribute;
  /** vec4f [512]: sequential colours, then diverging ones. */
  readonly colors: StorageBufferAttribute;
  readonly sizes: {
    readonly voxels: number;
    readonly activation: number;
    readonly channels: number;
    /** Distance between maps in the activation. */
    readonly map: number;
  };
}

export interface VoxelMaterial {
  readonly material: MeshBasicNodeMaterial;
  /** Half of a voxel along x, y, z. */
  readonly extent: { value: Vector3 };
  /** The eye in the volume's coordinates. */
  readonly eye: { value: Vector3 };
  /** 1: each map on its own scale; 0: the layer's. */
  readonly perMap: { value: number };
  /** 1: as bars from the left. */
  readonly bars: { value: number };
}

/** A material that pulls its vertices out of the list of visible voxels and its colours out of the activation itself. */
export function createVoxelMaterial({
  voxels,
  activation,
  ranges,
  colors,
  sizes,
}: VoxelSources): VoxelMaterial {
  const extent = uniform(new Vector3(0.5, 0.5, 0.5));
  const eye = uniform(new Vector3());
  const perMap = uniform(0);
  const bars = uniform(0);
  const material = new MeshBasicNodeMaterial({ side: DoubleSide });

  const list = storage(voxels, "uvec4", sizes.voxels).toReadOnly();
  const values = storage(activation, "float", sizes.activation).toReadOnly();
  const limits = storage(ranges, "float", RANGE * (sizes.channels + 1)).toReadOnly();
  const table = storage(colors, "vec4", 512).toReadOnly();

  const voxel = list.element(vertexIndex.div(18)).toVar();
  const channels = uint(sizes.channels);
  const channel = voxel.w.div(uint(sizes.map)).mod(channels);
  const scale = perMap.greaterThan(0.5).select(channel, channels).mul(RANGE).toVar();
  const low = limits.element(scale).toVar();
  const high = limits.element(scale.add(1));
  const t = typed<"float">(onScale({ value: values.element(voxel.w), low, high })).toVar();
  const cornerAt = corner({ vertex: vertexIndex, voxel, extent, eye });
  const at = typed<"vec3">(asBar({ at: cornerAt, extent, t, bars }));
  material.vertexNode = cameraProjectionMatrix.mul(modelViewMatrix).mul(vec4(at, 1));
  const entry = table.element(typed<"uint">(entryOf({ t, low })));
  const color = varying(typed<"vec3">(shaded({ color: entry, vertex: vertexIndex })));
  color.setInterpolation("flat");
  material.colorNode = vec4(color, 1);
  material.fog = false;
  return { material, extent, eye, perMap, bars };
}
