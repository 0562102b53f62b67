// Gradient of a border that takes what lies inside: dx = Σ dy over the places of y that took an element of x.
//
//   dy  [ySizes]
//   dx  [sizes]
//
// Up to eight axes, innermost first, in inner and outer fours, in chunks: four elements side by side, or one. Gathers in a
// fixed order, so it needs no atomics. One workgroup computes 256 consecutive chunks of dx.

struct Params {
  sizes: vec4<u32>,
  outerSizes: vec4<u32>,
  ySizes: vec4<u32>,
  outerYSizes: vec4<u32>,
  starts: vec4<i32>,
  outerStarts: vec4<i32>,
  size: u32,       // chunks of dx
  accumulate: u32, // 1: add to dx
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Chunk>;
@group(0) @binding(2) var<storage, read_write> dx: array<Chunk>;

alias Chunk = f32; // or vec4<f32>

override RANK: u32 = 8u; // how many axes count
override MODE: u32 = REFLECT; // see blocks/repeated_place.wgsl

// The places along an axis that took an index of x: the first `count` of these; or `count` from the first on.
struct Takers {
  count: i32,
  first: i32,
  second: i32,
  third: i32,
}

fn takersOf(index: i32, size: i32, start: i32, extent: i32) -> Takers {
  let own = index + start;
  if (MODE == EDGE) {
    let first = select(own, 0, index == 0);
    let end = select(own + 1, extent, index == size - 1);
    return Takers(end - first, first, 0, 0);
  }
  let again = i32(MODE == SYMMETRIC);
  let low = start - index - again;
  let high = start + 2 * (size - 1) + again - index;
  let isLow = low >= 0 && low < start;
  let isHigh = high < extent && high >= start + size;
  return Takers(1 + i32(isLow) + i32(isHigh), own, select(high, low, isLow), high);
}

fn taker(all: Takers, n: i32) -> i32 {
  if (MODE == EDGE) {
    return all.first + n;
  }
  return select(select(all.third, all.second, n == 1), all.first, n == 0);
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= params.size) {
    return;
  }
  var total = 1;
  var rest = i;
  for (var axis = 0u; axis < RANK; axis++) {
    let size = sizeAlong(params.sizes, params.outerSizes, axis);
    total *= takersAlong(axis, i32(rest % size)).count;
    rest /= size;
  }
  var sum = Chunk();
  for (var n = 0; n < total; n++) {
    rest = i;
    var turn = n;
    var place = 0;
    var distance = 1;
    for (var axis = 0u; axis < RANK; axis++) {
      let size = sizeAlong(params.sizes, params.outerSizes, axis);
      let takers = takersAlong(axis, i32(rest % size));
      rest /= size;
      place += taker(takers, turn % takers.count) * distance;
      turn /= takers.count;
      distance *= i32(sizeAlong(params.ySizes, params.outerYSizes, axis));
    }
    sum += dy[place];
  }
  if (params.accumulate == 1u) {
    sum += dx[i];
  }
  dx[i] = sum;
}

fn takersAlong(axis: u32, index: i32) -> Takers {
  let size = i32(sizeAlong(params.sizes, params.outerSizes, axis));
  let extent = i32(sizeAlong(params.ySizes, params.outerYSizes, axis));
  return takersOf(index, size, along(params.starts, params.outerStarts, axis), extent);
}
