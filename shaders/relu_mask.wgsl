// y = max(x, 0), and one bit for each element that says where x > 0: all that the backward pass needs.
//
//   x     [size]
//   y     [size]
//   mask  [size / 32]  bit i % 32 of word i / 32; bits beyond the end are 0
//
// One workgroup computes 256 values of four elements each, or of one where the size is no multiple of four.

struct Params {
  size: u32,  // values
  words: u32, // of the mask
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;
@group(0) @binding(3) var<storage, read_write> mask: array<u32>;

alias Value = vec4<f32>; // or f32, with WIDTH = 1
const WIDTH = 4u;

var<workgroup> bits: array<u32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = group.x + group.y * groups.x;
  let i = id * 256u + thread;
  var open = vec4<f32>();
  if (i < params.size) {
    let v = x[i];
    y[i] = max(v, Value());
    open = vec4<f32>(select(Value(), Value(1.0), v > Value()));
  }
  // A lone f32 fills all four.
  let weights = select(vec4<f32>(1.0, vec3<f32>()), vec4<f32>(1.0, 2.0, 4.0, 8.0), WIDTH == 4u);
  bits[thread] = u32(dot(open, weights));
  workgroupBarrier();

  let values = 32u / WIDTH; // of a word
  let word = id * 8u * WIDTH + thread;
  if (thread < 8u * WIDTH && word < params.words) {
    var all = 0u;
    for (var k = 0u; k < values; k++) {
      all |= bits[thread * values + k] << (k * WIDTH);
    }
    mask[word] = all;
  }
}
