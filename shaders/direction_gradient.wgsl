// The gradient of direction.wgsl's terms to a, times a weight.
//
//   a, v   as there
//   found  [N·places, 2]  ⟨a, v⟩ and |a|
//   da     [N·places, size]
//
// Below a cosine of 0.1 the factor is constant. One workgroup computes 256 consecutive elements.

struct Params {
  elements: u32, // of a
  size: u32,
  period: u32, // elements of v
  power: f32,
  length: f32, // |v|
  weight: f32,
  each: u32, // places of an image
  only: u32, // the one place of an image that counts, or EVERY
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> found: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> da: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.elements) {
    return;
  }
  let along = v[i % params.period];
  var slope = along;
  if (params.power != 0.0) {
    let sums = found[i / params.size];
    let lengths = (sums.y + 1e-6) * (params.length + 1e-6);
    let cosine = sums.x / lengths;
    slope = along * pow(max(0.1, cosine), params.power);
    if (cosine > 0.1) {
      // |a| is not 0 here.
      let turn = along / lengths - cosine * a[i] / (sums.y * (sums.y + 1e-6));
      slope += sums.x * params.power * pow(cosine, params.power - 1.0) * turn;
    }
  }
  let place = i / params.size % params.each;
  slope *= select(0.0, params.weight, params.only == EVERY || params.only == place);
  da[i] = select(slope, da[i] + slope, params.accumulate == 1u);
}
