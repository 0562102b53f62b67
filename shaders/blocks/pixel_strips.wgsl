// One workgroup goes through all pixels of some channels of an image: LANES neighbouring channels, each by STRIPS threads,
// of which each takes every STRIPS-th pixel.
//
// The kernel declares `LANES`, `STRIPS` and `Value`, f32 or vec4<f32>.

// What a thread takes of an image [pixels, channels].
struct Strip {
  image: u32,
  channel: u32,
  first: u32, // pixel
  base: u32,  // element of the channel at pixel 0
}

var<workgroup> stripSums: array<Value, LANES * STRIPS>;

// The strip of a thread; `id` numbers the workgroups, params.tiles of them an image.
fn stripOf(id: u32, thread: u32) -> Strip {
  let image = id / params.tiles;
  let channel = (id % params.tiles) * LANES + thread % LANES;
  return Strip(image, channel, thread / LANES, image * params.pixels * params.channels + channel);
}

// The strips' sums, added in order; of meaning to the threads of the first strip alone.
fn sumOfStrips(thread: u32, sum: Value) -> Value {
  stripSums[thread] = sum;
  workgroupBarrier();
  var all = sum;
  if (thread < LANES) {
    for (var s = 1u; s < STRIPS; s++) {
      all += stripSums[s * LANES + thread];
    }
  }
  return all;
}
