// Distances between what is known around a pixel of a texture that is being grown and every window of a sample: the squared
// differences of the known pixels, weighted. All numbers are whole, so that every device finds the same.
//
//   sample     [h, w]        red, green and blue of 0…255 in the lowest bytes of a word
//   texture    [H, W]        the same; the highest byte is 255 where the pixel is known, else 0
//   weights    [side · side] u32, of a window's places
//   queue      [n]           pixels of the texture, in the order in which they are filled
//   cursor     [1]           which of them is filled now
//   distances  [h − side + 1, w − side + 1]
//
// One workgroup computes 64 consecutive distances. Weights are such that no sum exceeds 32 bits.
// Source: Efros & Leung 1999, Texture synthesis by non-parametric sampling.

struct Params {
  sample: vec2<u32>,  // h, w
  texture: vec2<u32>, // H, W
  side: u32,          // of a window, odd
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sample: array<u32>;
@group(0) @binding(2) var<storage, read> texture: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<u32>;
@group(0) @binding(4) var<storage, read> queue: array<u32>;
@group(0) @binding(5) var<storage, read> cursor: array<u32>;
@group(0) @binding(6) var<storage, read_write> distances: array<u32>;

fn squaredDifference(a: u32, b: u32) -> u32 {
  let difference = vec3<i32>((vec3<u32>(a) >> vec3<u32>(0u, 8u, 16u)) & vec3<u32>(255u)) -
    vec3<i32>((vec3<u32>(b) >> vec3<u32>(0u, 8u, 16u)) & vec3<u32>(255u));
  return u32(dot(difference, difference));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  let across = params.sample.y - params.side + 1u;
  if (i >= across * (params.sample.x - params.side + 1u)) {
    return;
  }
  let window = vec2<u32>(i / across, i % across);
  let pixel = queue[cursor[0]];
  let half = i32(params.side / 2u);
  let corner = vec2<i32>(vec2<u32>(pixel / params.texture.y, pixel % params.texture.y)) - half;
  let first = vec2<u32>(max(-corner, vec2<i32>()));
  let end = vec2<u32>(min(vec2<i32>(params.texture) - corner, vec2<i32>(i32(params.side))));
  var sum = 0u;
  for (var row = first.x; row < end.x; row++) {
    for (var column = first.y; column < end.y; column++) {
      let known = texture[u32(corner.x + i32(row)) * params.texture.y + u32(corner.y + i32(column))];
      if (known >> 24u != 0u) {
        let own = sample[(window.x + row) * params.sample.y + window.y + column];
        sum += weights[row * params.side + column] * squaredDifference(known, own);
      }
    }
  }
  distances[i] = sum;
}
