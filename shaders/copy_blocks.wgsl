// Copies one block of every row: y[row, yStart + j] = x[row, xStart + j] for j below `block`.
//
//   x  [rows, xLength]
//   y  [rows, yLength]  what lies outside the block stays
//
// One workgroup copies 256 consecutive elements of the blocks.

struct Params {
  size: u32, // rows·block
  block: u32,
  xLength: u32,
  xStart: u32,
  yLength: u32,
  yStart: u32,
  accumulate: u32, // 1: add to y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size) {
    return;
  }
  let row = i / params.block;
  let j = i % params.block;
  let o = row * params.yLength + params.yStart + j;
  var value = x[row * params.xLength + params.xStart + j];
  if (params.accumulate == 1u) {
    value += y[o];
  }
  y[o] = value;
}
