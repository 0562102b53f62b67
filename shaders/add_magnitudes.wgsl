// Adds the magnitudes of numbers, averaged over the last axis: sum += weight·Σ |x|.
//
//   x    [places, depth, parts]  parts: 1, a real number, or 2, a complex one
//   sum  [places]
//
// One workgroup computes 256 consecutive places.

struct Params {
  places: u32,
  depth: u32,
  parts: u32,
  weight: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> sum: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = (group.x + group.y * groups.x) * 256u + thread;
  if (place >= params.places) {
    return;
  }
  var magnitudes = 0.0;
  for (var d = 0u; d < params.depth; d++) {
    let i = (place * params.depth + d) * params.parts;
    if (params.parts == 2u) {
      magnitudes += length(vec2(x[i], x[i + 1u]));
    } else {
      magnitudes += abs(x[i]);
    }
  }
  sum[place] += params.weight * magnitudes;
}
