// Draws pictures by compositional pattern-producing networks, one a picture, as a network's input, rounded to 8 bits first.
//
//   programs  [N, words]    u32: a picture's network as a list of neurons in the order in which they run. A neuron is its
//                           function, its number of connections, and for each its source and the bits of its weight (f32). The
//                           first word is the number of neurons; the last three are the outputs.
//   y         [N, H, W, C]  the batch; C = 3, or 1 for the luma
//
// Values 0…3 are the inputs: x, y from −1 to 1 (pixels' centres), the distance from the centre from 0 to 1, and 1; neuron k is
// value 4 + k. A neuron is f(Σ weight · source), f one of: 0 the sine, 1 the sigmoid scaled to ±1, 2 the Gaussian e^(−v²),
// 3 linear, v cut to ±3, over 3. Magnitudes of the outputs are hue (in turns), lightness and saturation.
//
// One workgroup computes 64 consecutive pixels of one picture: dispatch (ceil(H · W / 64), N).
// Source: Nguyen et al. 2015 (arXiv:1412.1897).

struct Params {
  size: vec2<u32>, // H, W
  words: u32,
  channels: u32,   // C
  scale: vec4<f32>, // input = v · scale + offset, of v in 0…255
  offset: vec4<f32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> programs: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const INPUTS = 4u;
const MOST_VALUES = 64u;

fn respond(kind: u32, v: f32) -> f32 {
  switch kind {
    case 0u: {
      return sin(v);
    }
    case 1u: {
      return 2.0 / (1.0 + exp(-v)) - 1.0;
    }
    case 2u: {
      return exp(-v * v);
    }
    default: {
      return clamp(v, -3.0, 3.0) / 3.0;
    }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let pixel = group.x * 64u + thread;
  let pixels = params.size.x * params.size.y;
  if (pixel >= pixels) {
    return;
  }
  let place = vec2<f32>(vec2<u32>(pixel % params.size.y, pixel / params.size.y));
  let at = (2.0 * place + 1.0) / vec2<f32>(params.size.yx) - 1.0;
  var values: array<f32, MOST_VALUES>;
  values[0] = at.x;
  values[1] = at.y;
  values[2] = length(at) / sqrt(2.0);
  values[3] = 1.0;
  var word = group.y * params.words;
  let end = INPUTS + programs[word];
  word++;
  for (var neuron = INPUTS; neuron < end; neuron++) {
    let kind = programs[word];
    let connections = programs[word + 1u];
    word += 2u;
    var sum = 0.0;
    for (var k = 0u; k < connections; k++) {
      sum += values[programs[word]] * bitcast<f32>(programs[word + 1u]);
      word += 2u;
    }
    values[neuron] = respond(kind, sum);
  }
  let rgb = rgbOfHls(abs(values[end - 3u]), abs(values[end - 2u]), abs(values[end - 1u]));
  let first = (group.y * pixels + pixel) * params.channels;
  for (var c = 0u; c < params.channels; c++) {
    y[first + c] = writtenPixel(rgb, c);
  }
}
