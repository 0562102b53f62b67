// Which voxel it is that a ray meets first, and its value: the second step after pick_nearest.
//
//   params     origin, direction: the ray in the volume's coordinates; extent: half a voxel along x, y, z
//   voxels     [visible]: centre x, y, z (bits of f32) and an index
//   arguments  [4]: arguments[0] / 18 voxels are visible
//   x          the activation
//   picked     [4]: picked[0] holds the distance of the nearest; its index + 1 is maximised into picked[1] (0: none) and
//              the bits of its value written to picked[2]; of several equally near ones the one of the highest index wins
//
// One invocation tests one voxel.

struct Params {
  origin: vec3<f32>,
  direction: vec3<f32>,
  extent: vec3<f32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> voxels: array<vec4u>;
@group(0) @binding(2) var<storage, read> arguments: array<u32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read_write> picked: array<atomic<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= arguments[0] / 18u) {
    return;
  }
  let centre = bitcast<vec3f>(voxels[i].xyz);
  let near = (centre - params.origin) / params.direction;
  let reach = abs(params.extent / params.direction);
  let enters = near - reach;
  let leaves = near + reach;
  let enter = max(max(enters.x, enters.y), max(enters.z, 0.0));
  if (enter <= min(leaves.x, min(leaves.y, leaves.z))) {
    if (bitcast<u32>(enter) == atomicLoad(&picked[0])) {
      let index = voxels[i].w;
      if (atomicMax(&picked[1], index + 1u) <= index) {
        atomicStore(&picked[2], bitcast<u32>(x[index]));
      }
    }
  }
}
