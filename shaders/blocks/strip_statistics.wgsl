// Partial statistics of a strip of pixels that stands in workgroup memory, channel by channel. The strip is gone through
// twice, so that a mean far from zero costs no accuracy.
//
// The kernel declares `WIDTH`, the channels side by side in workgroup memory; LANES · PIXELS, the pixels of a strip;
// `THREADS`, its workgroup's size; `OUT`, the channels of a chunk; `params.outChunks`; and the binding
//   partial  [strips, 6, outChannels]  base, offset (the mean is their sum), Σ (x − mean)², minimum, maximum, zeros

var<workgroup> stripValues: array<f32, LANES * PIXELS * WIDTH>; // of a strip

// Writes the statistics of the channels from `first` on, over the first `count` pixels of the strip.
fn summarise(thread: u32, strip: u32, first: u32, count: u32) {
  let channels = params.outChunks * OUT;
  for (var c = thread; c < WIDTH; c += THREADS) {
    if (count > 0u && first + c < channels) {
      let base = stripValues[c];
      var sum = 0.0;
      var low = base;
      var high = base;
      var zeros = 0.0;
      for (var r = 0u; r < count; r++) {
        let v = stripValues[r * WIDTH + c];
        sum += v - base;
        low = min(low, v);
        high = max(high, v);
        zeros += select(0.0, 1.0, v == 0.0);
      }
      let offset = sum / f32(count);
      var m2 = 0.0;
      for (var r = 0u; r < count; r++) {
        let d = (stripValues[r * WIDTH + c] - base) - offset;
        m2 = fma(d, d, m2);
      }
      let o = strip * 6u * channels + first + c;
      partial[o] = base;
      partial[o + channels] = offset;
      partial[o + 2u * channels] = m2;
      partial[o + 3u * channels] = low;
      partial[o + 4u * channels] = high;
      partial[o + 5u * channels] = zeros;
    }
  }
}
