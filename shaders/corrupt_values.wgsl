// Corrupts the values of a picture one by one, as ImageNet-C has it (Hendrycks & Dietterich 2019, arXiv:1903.12261).
//
//   x      [H, W, 3]  0…1
//   field  [H, W]     what fog adds; the other kinds do not read it
//   y      [H, W, 3]  0…1, clipped
//
// One invocation computes one pixel.

struct Params {
  kind: u32,      // of the list below
  pixels: u32,
  seed: u32,
  first: f32,     // the kind's constants
  second: f32,
  mean: vec3<f32>,// of each channel of x, for contrast
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> field: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// In the order of src/kernels/corruptions.ts.
const GAUSSIAN_NOISE = 0u;
const SHOT_NOISE = 1u;
const IMPULSE_NOISE = 2u;
const SPECKLE_NOISE = 3u;
const BRIGHTNESS = 4u;
const CONTRAST = 5u;
const SATURATE = 6u;
const FOG = 7u;

// A number in (0, 1).
fn open(bits: u32) -> f32 {
  return 0.5 + 0.5 * symmetric(bits);
}

// A Poisson number of this mean: how many waiting times of mean 1 fit into it.
fn poisson(mean: f32, element: u32) -> f32 {
  var waited = 0.0;
  for (var count = 0u; count < 4096u; count++) {
    waited -= log(open(drawn(params.seed, count, element)));
    if (waited > mean) {
      return f32(count);
    }
  }
  return 4096.0;
}

fn noisy(value: f32, element: u32) -> f32 {
  switch params.kind {
    case GAUSSIAN_NOISE: {
      return value + params.first * gaussian(drawn(params.seed, 0u, element));
    }
    case SPECKLE_NOISE: {
      return value + value * params.first * gaussian(drawn(params.seed, 0u, element));
    }
    case SHOT_NOISE: {
      return poisson(value * params.first, element) / params.first;
    }
    default: {
      if (fraction(drawn(params.seed, 0u, element)) >= params.first) {
        return value;
      }
      return f32(drawn(params.seed, 1u, element) >> 31u);
    }
  }
}

// A colour's V of HSV plus a number.
fn brightened(color: vec3f) -> vec3f {
  let value = max(color.r, max(color.g, color.b));
  let raised = clamp(value + params.first, 0.0, 1.0);
  return select(color * (raised / value), vec3f(raised), value == 0.0);
}

// A colour's S of HSV times a number plus another. What has no hue counts as red.
fn saturated(color: vec3f) -> vec3f {
  let value = max(color.r, max(color.g, color.b));
  let chroma = value - min(color.r, min(color.g, color.b));
  if (value == 0.0) {
    return color;
  }
  let saturation = clamp(chroma / value * params.first + params.second, 0.0, 1.0);
  let away = select((vec3f(value) - color) / chroma, vec3f(0.0, 1.0, 1.0), chroma == 0.0);
  return value * (vec3f(1.0) - saturation * away);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let pixel = (group.x + group.y * groups.x) * 64u + thread;
  if (pixel >= params.pixels) {
    return;
  }
  let at = 3u * pixel;
  var color = vec3f(x[at], x[at + 1u], x[at + 2u]);
  switch params.kind {
    case BRIGHTNESS: {
      color = brightened(color);
    }
    case CONTRAST: {
      color = (color - params.mean) * params.first + params.mean;
    }
    case SATURATE: {
      color = saturated(color);
    }
    case FOG: {
      color = (color + params.first * field[pixel]) * params.second;
    }
    default: {
      color = vec3f(noisy(color.r, at), noisy(color.g, at + 1u), noisy(color.b, at + 2u));
    }
  }
  let clipped = clamp(color, vec3f(0.0), vec3f(1.0));
  y[at] = clipped.r;
  y[at + 1u] = clipped.g;
  y[at + 2u] = clipped.b;
}
