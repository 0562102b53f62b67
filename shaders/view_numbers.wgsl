// Numbers views by the number of their image and their place among its views, so that a view draws the same in any batch.
//
//   numbers  [images]
//   y        [images·views]
//
// One workgroup computes 64 numbers.

struct Params {
  total: u32, // images·views
  views: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> numbers: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < params.total) {
    y[id.x] = drawn(0u, numbers[id.x / params.views], id.x % params.views);
  }
}
