// A step of projected gradient ascent: x moves uphill, then back into the ball around x0 and into the box 0 to 1 (Madry et al.
// 2018, arXiv:1706.06083); with momentum as APGD has it (Croce & Hein 2020, arXiv:2003.01690).
//
//   x0       [N, size]  centres of the balls
//   g        [N, size]  gradient at x
//   lengths  [N]        length of each picture's step
//   before   [N, size]  x of the step before, for the momentum; becomes x as it was
//   x        [N, size]
//
// Norm L∞: x + length·sign(g), within epsilon of x0 in each element. Norm L2: x + length·g/‖g‖, within a ball of that radius.
// With momentum a < 1: z is the projected step, x + a·(z − x) + (1 − a)·(x − before) is projected again.
// One workgroup computes one picture; sums are trees over 256 strided partial sums.

struct Params {
  size: u32,     // elements of a picture
  epsilon: f32,  // in units of x
  momentum: f32, // a: share of the step, 1 without momentum
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x0: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read> lengths: array<f32>;
@group(0) @binding(4) var<storage, read_write> before: array<f32>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;

override L2: bool = false; // else L∞

alias Value = f32; // of the shared blocks
const THREADS = 256u;

// A moved element within the ball, where `shrink` brings its distance to the radius, and within the box.
fn projected(i: u32, moved: f32, shrink: f32) -> f32 {
  let centre = x0[i];
  let inside = select(clamp(moved, centre - params.epsilon, centre + params.epsilon), centre + shrink * (moved - centre), L2);
  return clamp(inside, 0.0, 1.0);
}

fn shrinkTo(squares: f32) -> f32 {
  let length = sqrt(squares);
  return select(1.0, params.epsilon / length, length > params.epsilon);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let first = group.x * params.size;
  let end = first + params.size;
  let length = lengths[group.x];
  var scale = 0.0; // of g, for L2
  var shrink = 1.0;
  if (L2) {
    // Divided by its largest element first, so that no square leaves the range of f32.
    var top = 0.0;
    for (var i = first + thread; i < end; i += THREADS) {
      top = max(top, abs(g[i]));
    }
    top = largest(thread, top);
    let unit = select(0.0, 1.0 / top, top > 0.0);
    var squares = 0.0;
    for (var i = first + thread; i < end; i += THREADS) {
      squares += (unit * g[i]) * (unit * g[i]);
    }
    squares = total(thread, squares);
    scale = select(0.0, length * unit * inverseSqrt(squares), squares > 0.0);
    var moved = 0.0;
    for (var i = first + thread; i < end; i += THREADS) {
      let delta = x[i] + scale * g[i] - x0[i];
      moved += delta * delta;
    }
    shrink = shrinkTo(total(thread, moved));
  }
  var again = 1.0;
  if (L2 && params.momentum < 1.0) {
    var moved = 0.0;
    for (var i = first + thread; i < end; i += THREADS) {
      let z = projected(i, x[i] + scale * g[i], shrink);
      let delta = x[i] + params.momentum * (z - x[i]) + (1.0 - params.momentum) * (x[i] - before[i]) - x0[i];
      moved += delta * delta;
    }
    again = shrinkTo(total(thread, moved));
  }
  for (var i = first + thread; i < end; i += THREADS) {
    let here = x[i];
    let way = select(length * sign(g[i]), scale * g[i], L2);
    var z = projected(i, here + way, shrink);
    if (params.momentum < 1.0) {
      z = projected(i, here + params.momentum * (z - here) + (1.0 - params.momentum) * (here - before[i]), again);
    }
    before[i] = here;
    x[i] = z;
  }
}
