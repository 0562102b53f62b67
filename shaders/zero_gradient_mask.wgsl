// zeroGradient[n] = 1 where the gradient of image n is zero at every element once it has passed a ReLU, else 0: what
// the rule redirected asks first (blocks/backward_rule.wgsl). Under another rule nothing is done.
//
//   rules         [slots]          codes of backward rules, of which params.slot counts
//   a             [images, image]  the ReLU's output
//   dy            [images, image]  gradient to the output
//   zeroGradient  [images]
//
// One workgroup looks through one image, until it finds a gradient that passes.

struct Params {
  images: u32,
  image: u32, // elements of an image
  slot: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rules: array<u32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> zeroGradient: array<u32>;

override CEILING: f32 = 3.4e38; // 6 for ReLU6

var<workgroup> passed: atomic<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let n = group.x + group.y * groups.x;
  if (n >= params.images || rules[params.slot] != REDIRECTED) {
    return;
  }
  for (var i = thread; i < params.image && atomicLoad(&passed) == 0u; i += 256u) {
    let at = n * params.image + i;
    let v = a[at];
    if (v > 0.0 && v < CEILING && dy[at] != 0.0) {
      atomicStore(&passed, 1u);
    }
  }
  workgroupBarrier();
  if (thread == 0u) {
    zeroGradient[n] = 1u - atomicLoad(&passed);
  }
}
