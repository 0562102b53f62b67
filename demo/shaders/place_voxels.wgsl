// Keeps the finite voxels of an activation whose magnitude reaches the threshold, and says where each one stands.
//
//   params     size: H, W, C; every: every how-manieth value is drawn, along H, W, C; count: of those along each axis
//              first: the first map that is drawn
//              threshold: share of the scale, 0..1; perMap: 1 when each map has its own scale, 0 for the layer's
//              sheet: 0 stack .. 1 sheet; cell: edge of a pixel in the stack; pitch: distance between maps in the stack
//              sheetCell: edge of a pixel in the sheet; columns, rows: of maps in the sheet; gap: between them
//              pixel, map: distances in x between neighbours of a map, and between maps
//   x          C maps of H × W values
//   ranges     [C + 1, 3]: smallest and largest finite value of each map, then of the layer, and how many are not finite
//   voxels     [visible]: centre x, y, z (bits of f32) and the index into x; in no fixed order
//   arguments  of drawIndirect; vertices = 18 a visible voxel; the caller writes 0, 1, 0, 0 before
//
// One invocation decides about one voxel. Stack: maps one behind the other, the first in front; sheet: side by side.
// Coordinates: x right, y up, z towards the viewer, the volume centred at x = 0 and z = 0 and standing on y = 0.

struct Params {
  size: vec3<u32>,
  threshold: f32,
  every: vec3<u32>,
  perMap: u32,
  count: vec3<u32>,
  sheet: f32,
  cell: f32,
  pitch: f32,
  sheetCell: f32,
  gap: f32,
  columns: u32,
  rows: u32,
  first: u32,
  pixel: u32,
  map: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> ranges: array<f32>;
@group(0) @binding(3) var<storage, read_write> voxels: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> arguments: array<atomic<u32>>;

const VERTICES = 18u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let total = params.count.x * params.count.y * params.count.z;
  if (i >= total) {
    return;
  }
  // Channels vary fastest, so that neighbouring invocations read neighbouring values.
  let line = i / params.count.z;
  let drawn = vec3u(line / params.count.y, line % params.count.y, i % params.count.z);
  let at = drawn * params.every + vec3u(0u, 0u, params.first);
  let index = (at.x * params.size.y + at.y) * params.pixel + at.z * params.map;
  let value = x[index];

  // What is no number has no colour. Its bits say so: compilers may assume that floats are numbers.
  if ((bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u) {
    return;
  }
  let scale = 3u * select(params.size.z, at.z, params.perMap != 0u);
  let most = max(abs(ranges[scale]), abs(ranges[scale + 1u]));
  if (abs(value) < params.threshold * most) {
    return;
  }

  let size = vec3f(params.size);
  // Centre of the drawn that this value stands for.
  let middle = min(vec3f(at) + 0.5 * vec3f(params.every), size);
  let stack = vec3f(
    (middle.y - 0.5 * size.y) * params.cell,
    (size.x - middle.x) * params.cell,
    (0.5 * size.z - middle.z) * params.pitch,
  );
  let tile = vec2f(f32(drawn.z % params.columns), f32(drawn.z / params.columns));
  let span = (size.yx + vec2f(params.gap)) * params.sheetCell;
  let sheet = vec3f(
    (tile.x - 0.5 * f32(params.columns - 1u)) * span.x + (middle.y - 0.5 * size.y) * params.sheetCell,
    (f32(params.rows - 1u) - tile.y) * span.y + (size.x - middle.x) * params.sheetCell,
    0.0,
  );
  let centre = mix(stack, sheet, params.sheet);
  let slot = atomicAdd(&arguments[0], VERTICES) / VERTICES;
  voxels[slot] = vec4u(bitcast<vec3u>(centre), index);
}
