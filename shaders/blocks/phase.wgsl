// Cosine and sine to single precision, which WGSL's own need not have.

// cos and sin of an angle of up to some thousands: the quarter turn nearest to it is taken off in three parts (Cody & Waite),
// and what remains goes through the polynomials of Cephes.
fn phasor(angle: f32) -> vec2<f32> {
  let quarters = round(angle * 0.636619772);
  let r = ((angle - quarters * 1.5703125) - quarters * 4.83751297e-4) - quarters * 7.54978996e-8;
  let q = r * r;
  let s = r + r * q * (-1.6666654611e-1 + q * (8.3321608736e-3 - q * 1.9515295891e-4));
  let c = 1.0 - 0.5 * q + q * q * (4.166664568e-2 + q * (-1.388731625e-3 + q * 2.443315712e-5));
  switch (i32(quarters) & 3) {
    case 1: { return vec2(-s, c); }
    case 2: { return vec2(-c, -s); }
    case 3: { return vec2(s, -c); }
    default: { return vec2(c, s); }
  }
}
