// Lays out the next chunk of an occlusion sweep: its rectangles, and a work list of every changed pixel, layer by
// layer.
//
//   tables  [chunks, layouts, patches + 1, 4]  rectangles of every chunk: top, left, height << 16 | width, and the number
//                                              of pixels before it in its layout; the last of a layout holds where its
//                                              work list begins and, as its number of pixels, their total
//   sweep   [1]                                number of the next covered image, from 1: 1 + chunk
//   rects   [layouts, patches + 1, 4]          the rectangles of this chunk
//   work    [items, 2]                         patch, and y << 16 | x in the layer
//
// Layers whose rectangles are the same share a layout. One workgroup writes 256 consecutive items of one layout.

struct Params {
  layouts: u32,
  patches: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tables: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> sweep: array<u32>;
@group(0) @binding(3) var<storage, read_write> rects: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> work: array<vec2<u32>>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let item = (group.x + group.y * groups.x) * 256u + thread;
  let which = group.z;
  let rows = params.patches + 1u;
  let first = ((sweep[0] - 1u) * params.layouts + which) * rows;
  if (item < rows) {
    rects[which * rows + item] = tables[first + item];
  }
  let end = tables[first + params.patches];
  if (item >= end.w) {
    return;
  }
  // The last patch that begins at this item or before; those without pixels begin where the next one does.
  var low = 0u;
  var high = params.patches;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (tables[first + middle].w <= item) {
      low = middle;
    } else {
      high = middle;
    }
  }
  let rect = tables[first + low];
  let width = rect.z & 0xffffu;
  let local = item - rect.w;
  work[end.x + item] = vec2<u32>(low, ((rect.x + local / width) << 16u) | (rect.y + local % width));
}
