// Keeps the k largest values that each channel has shown so far, and where they were; of equals the first.
//
//   x       [images, pixels, channels]
//   blocks  [images, count, channels]  the largest value of every block of pixels, as top_k_blocks.wgsl leaves it
//   chosen  [2, k, channels]           scratch: keys and numbers of blocks
//   top     [channels, 1 + 3·k]        images seen so far, then k times value (as bits), image, pixel, largest first
//
// The k largest lie in the k blocks whose maxima are largest: these are chosen first, and then the values among them
// and the old ones. Where PER_IMAGE, only the largest value of an image counts, and so only one block of it.
// One thread serves one channel; one workgroup serves 64 neighbouring channels.

struct Params {
  images: u32,
  pixels: u32,
  channels: u32,
  extent: u32,     // pixels of a block
  count: u32,      // blocks of an image
  k: u32,
  first: u32,      // number of the first image that is ever seen
  accumulate: u32, // 0: what top holds is forgotten
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> blocks: array<f32>;
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(4) var<storage, read_write> top: array<u32>;

override PER_IMAGE: bool = false;

/// A number that orders as the value does.
fn keyOf(value: f32) -> u32 {
  var bits = bitcast<u32>(value);
  bits = select(bits, 0u, bits == 0x80000000u); // −0 is 0
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

fn bitsOf(key: u32) -> u32 {
  return select(~key, key & 0x7fffffffu, key >= 0x80000000u);
}

/// Puts a block into the list of `length`, unless k are better; blocks come in order. Returns the list's length.
fn choose(channel: u32, length: u32, key: u32, number: u32) -> u32 {
  let step = params.channels;
  var at = length;
  if (length == params.k) {
    if (chosen[(params.k - 1u) * step + channel] >= key) {
      return length;
    }
    at -= 1u;
  }
  let numbers = params.k * step;
  while (at > 0u && chosen[(at - 1u) * step + channel] < key) {
    chosen[at * step + channel] = chosen[(at - 1u) * step + channel];
    chosen[numbers + at * step + channel] = chosen[numbers + (at - 1u) * step + channel];
    at -= 1u;
  }
  chosen[at * step + channel] = key;
  chosen[numbers + at * step + channel] = number;
  return min(length + 1u, params.k);
}

/// Whether entry i of a channel's list gives way to another value.
fn yields(base: u32, i: u32, key: u32, image: u32, pixel: u32) -> bool {
  let o = base + 1u + 3u * i;
  let other = keyOf(bitcast<f32>(top[o]));
  let later = top[o + 1u] > image || (top[o + 1u] == image && top[o + 2u] > pixel);
  return key > other || (key == other && later);
}

/// Puts a value into the list of `length`, unless k are better. Returns the list's length.
fn keep(base: u32, length: u32, key: u32, image: u32, pixel: u32) -> u32 {
  var at = length;
  if (length == params.k) {
    if (!yields(base, params.k - 1u, key, image, pixel)) {
      return length;
    }
    at -= 1u;
  }
  while (at > 0u && yields(base, at - 1u, key, image, pixel)) {
    let o = base + 1u + 3u * at;
    top[o] = top[o - 3u];
    top[o + 1u] = top[o - 2u];
    top[o + 2u] = top[o - 1u];
    at -= 1u;
  }
  let o = base + 1u + 3u * at;
  top[o] = bitsOf(key);
  top[o + 1u] = image;
  top[o + 2u] = pixel;
  return min(length + 1u, params.k);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let channel = id.x;
  if (channel >= params.channels) {
    return;
  }
  let base = channel * (1u + 3u * params.k);
  let seen = select(0u, top[base], params.accumulate == 1u);
  top[base] = seen + params.images;

  var candidates = 0u;
  var least = 0u; // below it, nothing has a chance
  var best = 0u;
  var holder = 0u;
  for (var b = 0u; b < params.images * params.count; b++) {
    let key = keyOf(blocks[b * params.channels + channel]);
    if (PER_IMAGE) {
      let fresh = b % params.count == 0u;
      if (fresh || key > best) {
        best = key;
        holder = b;
      }
      if (b % params.count == params.count - 1u) {
        candidates = choose(channel, candidates, best, holder);
      }
    } else if (key > least || candidates < params.k) {
      candidates = choose(channel, candidates, key, b);
      least = chosen[(candidates - 1u) * params.channels + channel];
    }
  }

  least = select(0u, chosen[(params.k - 1u) * params.channels + channel], candidates == params.k);
  var length = min(params.k, seen * select(params.pixels, 1u, PER_IMAGE));
  for (var i = 0u; i < candidates; i++) {
    let b = chosen[(params.k + i) * params.channels + channel];
    let image = b / params.count;
    let start = (b % params.count) * params.extent;
    let end = min(start + params.extent, params.pixels);
    best = 0u;
    for (var p = start; p < end; p++) {
      let key = keyOf(x[(image * params.pixels + p) * params.channels + channel]);
      if (!PER_IMAGE) {
        if (key < least) {
          continue;
        }
        length = keep(base, length, key, params.first + seen + image, p);
      } else if (key > best) {
        best = key;
        holder = p;
      }
    }
    if (PER_IMAGE) {
      length = keep(base, length, best, params.first + seen + image, holder);
    }
  }
}
