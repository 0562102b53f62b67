// How far a vector lies in a direction, at each place: ⟨a, v⟩·max(0.1, cos)^power, cos = ⟨a, v⟩ / ((|a| + 1e-6)·(|v| + 1e-6)).
//
//   a      [N·places, size]
//   v      [period]        the direction, repeated: one for all places, or one for each
//   found  [N·places, 2]  ⟨a, v⟩ and |a|, of use to the gradient
//   terms  [N·places]     the value at each place
//
// Lucid's direction objectives and its dot_compare. One workgroup computes one place, as trees over 64 strided sums.

struct Params {
  places: u32, // of all images
  size: u32,
  period: u32, // elements of v
  power: f32,
  length: f32, // |v|
  each: u32,   // places of an image
  only: u32,   // the one place of an image that counts, or EVERY
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> found: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> terms: array<f32>;

alias Value = vec2<f32>; // of the shared blocks
const THREADS = 64u;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = group.x + group.y * groups.x;
  if (place >= params.places) {
    return;
  }
  var sums = vec2<f32>();
  for (var k = thread; k < params.size; k += THREADS) {
    let value = a[place * params.size + k];
    sums += value * vec2(v[(place * params.size + k) % params.period], value);
  }
  sums = total(thread, sums);
  if (thread == 0u) {
    let length = sqrt(sums.y);
    found[place] = vec2(sums.x, length);
    var value = sums.x;
    if (params.power != 0.0) {
      let cosine = sums.x / ((length + 1e-6) * (params.length + 1e-6));
      value *= pow(max(0.1, cosine), params.power);
    }
    let counts = params.only == EVERY || params.only == place % params.each;
    terms[place] = select(0.0, value, counts);
  }
}
