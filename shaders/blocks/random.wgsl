// Random numbers by counting: hashes of (seed, sample, element), so that every device draws the same and nothing is kept.

// 32 random bits for a number: O'Neill's PCG permutation (RXS-M-XS).
fn hash(v: u32) -> u32 {
  let state = v * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}

// 32 random bits for an element of a sample.
fn drawn(seed: u32, sample: u32, element: u32) -> u32 {
  return hash(hash(element) ^ hash(sample ^ hash(seed)));
}

// A number in (−1, 1): the midpoint of one of 2²⁴ equal cells.
fn symmetric(bits: u32) -> f32 {
  return f32(i32(2u * (bits >> 8u) + 1u) - 16777216) / 16777216.0;
}

// A number in [0, 1), one of 2²⁴.
fn fraction(bits: u32) -> f32 {
  return f32(bits >> 8u) / 16777216.0;
}
