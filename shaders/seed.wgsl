// dy = 1 where an element is asked for, else 0: the gradient with which a backward pass starts.
//
//   position  (n, y, x, c)              the element; 0xFFFFFFFF in a place means every index there
//   dy        [N, height, width, channels]
//
// One workgroup writes 256 consecutive elements.

struct Params {
  size: u32, // N·height·width·channels
  height: u32,
  width: u32,
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> position: vec4<u32>;
@group(0) @binding(2) var<storage, read_write> dy: array<f32>;

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
  let pixel = i / params.channels;
  let row = pixel / params.width;
  let here = vec4<u32>(
    row / params.height,
    row % params.height,
    pixel % params.width,
    i % params.channels,
  );
  let asked = (position == vec4<u32>(EVERY)) | (position == here);
  dy[i] = select(0.0, 1.0, all(asked));
}
