// How points of a map push each other away: w = 1 / (1 + |yᵢ − yⱼ|²), and its sums Σ w²·(yᵢ − yⱼ) and Σ w over part of the points j.
//
//   y      [points, dimensions]  places
//   sums   [parts, 4, points]    Σ w²·(yᵢ − yⱼ), whose third component is not written in a plane, and Σ w, with w = 1 for i = j
//
// Every pair is taken. One workgroup computes 256 points i, every thread four of them, with one part of the points j, which go
// through workgroup memory 256 at a time. After van der Maaten and Hinton 2008.

struct Params {
  points: u32,
  extent: u32, // points j of a part
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

const THREADS = 64u;
const STAGED = 256u;
var<workgroup> staged: array<vec3<f32>, STAGED>;

fn store(point: u32, row: u32, values: vec4<f32>) {
  for (var i = 0u; i < min(4u, params.points - min(point, params.points)); i++) {
    sums[row * params.points + point + i] = values[i];
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let point = (group.x * THREADS + thread) * 4u;
  let last = params.points - 1u;
  let a = mapPlace(min(point, last));
  let b = mapPlace(min(point + 1u, last));
  let c = mapPlace(min(point + 2u, last));
  let d = mapPlace(min(point + 3u, last));
  let x0 = vec4<f32>(a.x, b.x, c.x, d.x);
  let y0 = vec4<f32>(a.y, b.y, c.y, d.y);
  let z0 = vec4<f32>(a.z, b.z, c.z, d.z);

  let first = group.y * params.extent;
  let end = min(first + params.extent, params.points);
  var x = vec4<f32>();
  var v = vec4<f32>();
  var z = vec4<f32>();
  var weights = vec4<f32>();
  for (var start = first; start < end; start += STAGED) {
    workgroupBarrier();
    for (var i = thread; i < STAGED; i += THREADS) {
      staged[i] = mapPlace(min(start + i, last));
    }
    workgroupBarrier();
    // Sums of few numbers are added to the whole, which keeps their digits.
    var ofX = vec4<f32>();
    var ofY = vec4<f32>();
    var ofZ = vec4<f32>();
    var ofWeights = vec4<f32>();
    for (var i = 0u; i < min(STAGED, end - start); i++) {
      let other = staged[i];
      let dx = x0 - other.x;
      let dy = y0 - other.y;
      var apart = fma(dx, dx, fma(dy, dy, vec4<f32>(1.0)));
      if (DIMENSIONS == 3u) {
        let dz = z0 - other.z;
        apart = fma(dz, dz, apart);
        ofZ = fma(dz / apart, 1.0 / apart, ofZ);
      }
      let w = 1.0 / apart;
      let squared = w * w;
      ofWeights += w;
      ofX = fma(squared, dx, ofX);
      ofY = fma(squared, dy, ofY);
    }
    x += ofX;
    v += ofY;
    z += ofZ;
    weights += ofWeights;
  }
  store(point, group.y * 4u, x);
  store(point, group.y * 4u + 1u, v);
  if (DIMENSIONS == 3u) {
    store(point, group.y * 4u + 2u, z);
  }
  store(point, group.y * 4u + 3u, weights);
}
