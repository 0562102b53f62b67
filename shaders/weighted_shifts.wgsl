// Sums shifted copies of a picture: y(p) = Σ weight · x(p + shift).
//
//   x       [H, W, 3]
//   shifts  [K, 3]     (rows down, columns right, weight)
//   y       [H, W, 3]
//
// One invocation computes one pixel.

struct Params {
  size: vec2<u32>, // H, W
  mirror: u32,     // 1: mirrored beyond a border, its outermost pixel once; 0: the outermost pixel goes on
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> shifts: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn within(place: i32, length: i32) -> i32 {
  if (params.mirror == 0u) {
    return clamp(place, 0, length - 1);
  }
  let period = max(1, 2 * length - 2);
  let turned = (place % period + period) % period;
  return min(turned, period - turned);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let pixel = (group.x + group.y * groups.x) * 64u + thread;
  let size = vec2<i32>(params.size);
  if (pixel >= params.size.x * params.size.y) {
    return;
  }
  let place = vec2<i32>(i32(pixel) / size.y, i32(pixel) % size.y);
  var sum = vec3f(0.0);
  for (var k = 0u; k < arrayLength(&shifts) / 3u; k++) {
    let source = place + vec2<i32>(i32(shifts[3u * k]), i32(shifts[3u * k + 1u]));
    let at = u32(3 * (within(source.x, size.x) * size.y + within(source.y, size.y)));
    sum += shifts[3u * k + 2u] * vec3f(x[at], x[at + 1u], x[at + 2u]);
  }
  let to = 3u * pixel;
  y[to] = sum.r;
  y[to + 1u] = sum.g;
  y[to + 2u] = sum.b;
}
