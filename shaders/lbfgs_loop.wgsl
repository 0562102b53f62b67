// One part of L-BFGS's two loops. The first goes from the newest pair to the oldest: α = ρ·sᵀd, d −= α·y. Then d is scaled. The
// second goes back: d += (α − ρ·yᵀd)·s. Part k does what part k − 1 found the product for, and finds the next product; the last
// part finds the slope lᵀd.
//
//   state     [images]
//   s, y      [history, images, size]
//   previous  [images, size]      l
//   found     [images, slices]    partial sums of the last part
//   partials  [images, slices]    those of this one
//   factors   [2, history, images]  ρ and α of each pair
//   d         [images, size]      the direction
//
// Nocedal 1980. One workgroup computes one slice of one image; sums are trees over 256 strided sums.

struct Params {
  images: u32,
  size: u32,
  slices: u32,
  slice: u32,
  history: u32,
  part: u32, // 0 to 2·history
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<LbfgsState>;
@group(0) @binding(2) var<storage, read> s: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read> previous: array<f32>;
@group(0) @binding(5) var<storage, read> found: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<f32>;
@group(0) @binding(7) var<storage, read_write> factors: array<f32>;
@group(0) @binding(8) var<storage, read_write> d: array<f32>;

alias Value = f32; // of the shared blocks
const THREADS = 256u;

// How many pairs older than the newest the pair of a part is.
fn backOf(part: u32) -> u32 {
  return select(2u * params.history - 1u - part, part, part < params.history);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = group.x + group.y * groups.x;
  if (index >= params.images * params.slices) {
    return;
  }
  let image = index / params.slices;
  let own = state[image];
  if (own.moves == 0u) {
    return;
  }
  let first = image * params.size + index % params.slices * params.slice;
  let end = min(first + params.slice, (image + 1u) * params.size);
  let all = params.images * params.size;

  if (params.part > 0u) {
    let before = params.part - 1u;
    let back = backOf(before);
    let place = pairAt(own, back, params.history);
    let at = place * params.images + image;
    let alpha = at + params.history * params.images;
    let goesBack = before >= params.history;
    var along = 0.0;
    if (back < own.count) {
      var product = 0.0;
      for (var i = thread; i < params.slices; i += THREADS) {
        product += found[image * params.slices + i];
      }
      let coefficient = factors[at] * total(thread, product);
      along = select(-coefficient, factors[alpha] - coefficient, goesBack);
      if (!goesBack && thread == 0u && index % params.slices == 0u) {
        factors[alpha] = coefficient;
      }
    }
    let scale = select(1.0, own.scale, params.part == params.history);
    let paired = back < own.count;
    // Only one of the two arrays is read: memory is what this takes.
    for (var i = first + thread; i < end && (paired || scale != 1.0); i += THREADS) {
      var change = 0.0;
      if (paired && goesBack) {
        change = along * s[place * all + i];
      } else if (paired) {
        change = along * y[place * all + i];
      }
      d[i] = scale * (d[i] + change);
    }
  }

  var sum = 0.0;
  let last = params.part == 2u * params.history;
  let back = backOf(params.part);
  if (last || back < own.count) {
    let place = pairAt(own, back, params.history);
    for (var i = first + thread; i < end; i += THREADS) {
      var other = 0.0;
      if (last) {
        other = previous[i];
      } else if (params.part < params.history) {
        other = s[place * all + i];
      } else {
        other = y[place * all + i];
      }
      sum += other * d[i];
    }
  }
  sum = total(thread, sum);
  if (thread == 0u) {
    partials[index] = sum;
  }
}
