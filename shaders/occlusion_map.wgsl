// The heat map of an occlusion sweep: at each pixel, the mean of S(x) − S(occluded) over the patches that cover it
// (Zeiler & Fergus 2013); zero where none does.
//
//   scores  [1 + rows·columns]  objective of the clean image, then of each covered one
//   y       [H, W]              the map
//
// One workgroup computes 16×16 pixels.

struct Params {
  height: u32,
  width: u32,
  patch_height: u32,
  patch_width: u32,
  stride_y: u32,
  stride_x: u32,
  rows: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) pixel: vec3<u32>) {
  if (pixel.x >= params.width || pixel.y >= params.height) {
    return;
  }
  let last_top = params.height - params.patch_height;
  let last_left = params.width - params.patch_width;
  // The first patches that reach the pixel: all later ones do until they begin beyond it.
  let first_row = (max(pixel.y + 1u, params.patch_height) - params.patch_height + params.stride_y - 1u) / params.stride_y;
  let first_column = (max(pixel.x + 1u, params.patch_width) - params.patch_width + params.stride_x - 1u) / params.stride_x;
  var sum = 0.0;
  var count = 0.0;
  for (var row = min(first_row, params.rows - 1u); row < params.rows; row++) {
    let top = min(row * params.stride_y, last_top);
    if (top > pixel.y) {
      break;
    }
    for (var column = min(first_column, params.columns - 1u); column < params.columns; column++) {
      let left = min(column * params.stride_x, last_left);
      if (left > pixel.x) {
        break;
      }
      sum += scores[0] - scores[1u + row * params.columns + column];
      count += 1.0;
    }
  }
  y[pixel.y * params.width + pixel.x] = select(sum / count, 0.0, count == 0.0);
}
