// Draws one map of an activation as a picture, straight from the buffer that the network wrote.
//
//   params   size: H, W, C; channel: which map; perMap: 1 for the map's own scale, 0 for the layer's
//            pixel, map: distances in x between neighbours of a map, and between maps
//   x        C maps of H × W values
//   ranges   [C + 1, 3]: smallest and largest finite value of each map, then of the layer, and how many are not finite
//   colors   [512]: sequential colours, then diverging ones
//
// Three vertices cover the picture; a fragment reads one value. What is not finite is hatched in grey.

struct Params {
  size: vec3u,
  channel: u32,
  perMap: u32,
  pixel: u32,
  map: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> ranges: array<f32>;
@group(0) @binding(3) var<storage, read> colors: array<vec4f>;

struct Vertex {
  @builtin(position) position: vec4f,
  @location(0) place: vec2f,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Vertex {
  let corner = vec2f(f32((index << 1u) & 2u), f32(index & 2u));
  return Vertex(vec4f(2.0 * corner.x - 1.0, 1.0 - 2.0 * corner.y, 0.0, 1.0), corner);
}

@fragment
fn fragment(in: Vertex) -> @location(0) vec4f {
  let at = vec2u(clamp(in.place.yx, vec2f(0.0), vec2f(0.99999)) * vec2f(params.size.xy));
  let value = x[(at.x * params.size.y + at.y) * params.pixel + params.channel * params.map];
  // Its bits say so: compilers may assume that floats are numbers.
  if ((bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u) {
    let stripe = (u32(in.position.x) + u32(in.position.y)) % 8u < 4u;
    return vec4f(vec3f(select(0.16, 0.42, stripe)), 1.0);
  }
  let scale = 3u * select(params.size.z, params.channel, params.perMap != 0u);
  let low = ranges[scale];
  let most = max(abs(low), abs(ranges[scale + 1u]));
  let t = select(0.0, clamp(value / most, -1.0, 1.0), most > 0.0);
  let place = select(t, 0.5 + 0.5 * t, low < 0.0);
  let entry = u32(round(clamp(place, 0.0, 1.0) * 255.0)) + select(0u, 256u, low < 0.0);
  return vec4f(colors[entry].rgb, 1.0);
}
