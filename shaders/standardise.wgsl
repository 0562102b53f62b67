// Standardises each image by itself: y = (x − mean) / (sd + epsilon), sd of the image itself, not an estimate for others.
//
//   x        [images, size]
//   partial  [images, slices, 2]  as image_moments.wgsl writes it
//   y        [images, size]
//   sd       [images]             which the gradient needs
//
// The slices' moments are merged in their order (Chan, Golub & LeVeque 1979). One workgroup computes 256 elements of an image.

struct Params {
  size: u32,  // elements of an image
  slice: u32, // elements of a slice
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> partial: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> sd: array<f32>;

var<workgroup> moments: vec2<f32>; // mean, deviation

// Mean and deviation of an image.
fn momentsOf(image: u32) -> vec2<f32> {
  var count = 0.0;
  var mean = 0.0;
  var squares = 0.0;
  let slices = slicesOfImage();
  for (var slice = 0u; slice < slices; slice++) {
    let more = partial[image * slices + slice];
    let added = f32(elementsOfSlice(slice));
    let apart = more.x - mean;
    let both = count + added;
    mean += apart * added / both;
    squares += more.y + apart * apart * count * added / both;
    count = both;
  }
  return vec2(mean, sqrt(squares / count));
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  if (thread == 0u) {
    moments = momentsOf(id.y);
  }
  workgroupBarrier();
  if (id.x >= params.size) {
    return;
  }
  let i = id.y * params.size + id.x;
  y[i] = (x[i] - moments.x) / (moments.y + params.epsilon);
  if (id.x == 0u) {
    sd[id.y] = moments.y;
  }
}
