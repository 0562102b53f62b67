// One wave of total variation denoising by split Bregman (Goldstein & Osher 2009), as skimage.restoration.denoise_tv_bregman
// runs it, isotropic, each channel by itself. There each sweep goes over the pixels row by row and uses what it has just
// computed (Gauss-Seidel). A pixel waits for its upper and left neighbour only, and the next sweep for the lower and right one:
// sweep k is at pixel (row, column) at the time row + column + 2k, and all that share a time are computed here side by side. A
// neighbour has another time, so the result is that of the sweeps one after another.
//
//   weights  [steps]          weight of the noisy image in each step of an ascent; the last one goes on
//   step     [1]              number of the step, from 0
//   clock    [1]              time of this wave
//   f        [N, H, W, C]     noisy images; beyond the border they stand still, as skimage has them
//   next     [1]              time of the next wave, clock + 1
//   d        [N, H, W, C, 4]  differences to the right and downwards, then what Bregman's iteration adds to them
//   x        [N, H, W, C]     images
//
// One workgroup computes 256 of N·H·across·C elements: `across` of each row.

struct Params {
  total: u32, // N·H·across·C
  height: i32,
  width: i32,
  channels: i32,
  across: i32, // the most elements of a row and channel that share a time
  sweeps: i32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> step: array<u32>;
@group(0) @binding(3) var<storage, read> clock: array<u32>;
@group(0) @binding(4) var<storage, read> f: array<f32>;
@group(0) @binding(5) var<storage, read_write> next: array<u32>;
@group(0) @binding(6) var<storage, read_write> d: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let element = (group.x + group.y * groups.x) * 256u + thread;
  if (element >= params.total) {
    return;
  }
  if (element == 0u) {
    next[0] = clock[0] + 1u;
  }
  let channel = i32(element) % params.channels;
  let place = i32(element) / params.channels;
  let line = place / params.across;
  let row = line % params.height;
  // The first sweep that has not left this row, and those behind it.
  let ahead = i32(clock[0]) - row;
  let sweep = max(0, (ahead - params.width + 2) / 2) + place % params.across;
  let column = ahead - 2 * sweep;
  if (column < 0 || sweep >= params.sweeps) {
    return;
  }
  let down = params.width * params.channels;
  let right = params.channels;
  let i = line * down + column * right + channel;

  var upper = f[i + down];
  var left = f[i + right];
  var lower = f[i];
  var after = f[i];
  var above = vec4f();
  var before = vec4f();
  if (row > 0) {
    upper = x[i - down];
    above = d[i - down];
  }
  if (column > 0) {
    left = x[i - right];
    before = d[i - right];
  }
  if (row < params.height - 1) {
    lower = x[i + down];
  }
  if (column < params.width - 1) {
    after = x[i + right];
  }

  let weight = weights[min(step[0], arrayLength(&weights) - 1u)];
  let lambda = 2.0 * weight;
  let own = d[i];
  let inflow = (before.x - before.z) - (own.x - own.z) + (above.y - above.w) - (own.y - own.w);
  let slope = vec2f(after, lower) - x[i];
  x[i] = (lambda * (lower + upper + after + left + inflow) + weight * f[i]) / (weight + 4.0 * lambda);

  let wanted = slope + own.zw;
  let strength = lambda * length(wanted);
  let shrunk = wanted * (strength / (strength + 1.0));
  d[i] = vec4f(shrunk, wanted - shrunk);
}
