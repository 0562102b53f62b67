// What a neuron of a pattern-producing network makes of a number z: two values, atan(z)/0.67 and atan(z)²/0.6, as Lucid has it
// (tensorflow/lucid, optvis/param/cppn.py); and a pixel's coordinates.

// The arcus tangens in single precision (S. Moshier's approximation, Cephes); the built-in may be 4096 units in the last place off.
fn arctangent(x: f32) -> f32 {
  let size = abs(x);
  var base = 0.0;
  var t = size;
  if (size > 2.41421356) {
    base = 1.57079633;
    t = -1.0 / size;
  } else if (size > 0.414213562) {
    base = 0.785398163;
    t = (size - 1.0) / (size + 1.0);
  }
  let z = t * t;
  let series = (((0.0805374449538 * z - 0.138776856032) * z + 0.199777106478) * z - 0.333329491539) * z;
  return sign(x) * (base + series * t + t);
}

fn composite(z: f32) -> vec2<f32> {
  let t = arctangent(z);
  return vec2<f32>(t / 0.67, t * t / 0.6);
}

// The slopes of both.
fn compositeSlope(z: f32) -> vec2<f32> {
  return vec2<f32>(1.0 / 0.67, 2.0 * arctangent(z) / 0.6) / (1.0 + z * z);
}

// From −√3 at the first of `count` places to √3 at the last, so that the deviation over many is 1.
fn coordinate(place: u32, count: u32) -> f32 {
  return 1.73205081 * (2.0 * f32(place) / f32(max(count - 1u, 1u)) - f32(min(count - 1u, 1u)));
}
