// Passes of Fourier transforms: each transforms RADIX elements of a line together, a factor of its length. The kernel binds
// `twiddles` [n, 2], cos and −sin of 2πt/n, and has `params.table`, which is n. Of the elements p and RADIX − p, the sum counts by
// cosines and the difference by sines; outputs q and RADIX − q have both in common.

const RADIX = 4u;
const PAIRS = 3u; // pairs of outputs of a thread: all, RADIX / 2 + 1, where they are few
const GROUPS = (RADIX / 2u + PAIRS) / PAIRS; // threads that share the outputs

// cos and −sin of 2πpq / RADIX.
fn rootOf(p: u32, q: u32) -> vec2<f32> {
  return twiddles[p * q % RADIX * (params.table / RADIX)];
}

// What stands in the middle of an even number counts once, by 1 and −1 in turn.
fn middleSign(q: u32) -> f32 {
  return select(-1.0, 1.0, q % 2u == 0u);
}

fn complexProduct(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  return vec2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}
