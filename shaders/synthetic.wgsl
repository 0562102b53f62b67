// Draws pictures of known class from (seed, index): ten objects and six textures, under varied light and clutter.
//
//   params  seed, first: picture n of this call has index first + n; count: pictures (invocations beyond it do nothing);
//           size: edge in pixels; supersample: samples a pixel along each axis; pair: 0 or 1, see below;
//           parts: 1 for what is at a pixel in place of its colour
//   y       [count, size, size, 3], RGB, sRGB display values in 0..1; or parts, of the middle of each pixel:
//           1 + class of the object there, or of the texture that the picture is of; 1 + class of the faint texture that is seen
//           of the background there; 1 where clutter is seen; and 0 where there is none
//
// A workgroup computes a tile of 8x8 pixels of one picture: dispatch (ceil(size / 8), ceil(size / 8), count).
//
// Labels follow from the index alone.
//   pair = 0: one picture, one class, index % 16.
//   pair = 1: two objects side by side, the left one of class index % 10,
//             the right one of class (index % 10 + 1 + (index / 10) % 9) % 10, which is always another.
//
// Random numbers are integer hashes of (seed, index, draw), so every device draws the same picture up to rounding.
// Coordinates: x to the right and y down, the picture spans -1..1. Colours are linear light until the last step.
// Distance functions after I. Quilez, https://iquilezles.org/articles/distfunctions2d/;
// colours are chosen in OKLCh, https://bottosson.github.io/posts/oklab/.

struct Params {
  seed: u32,
  first: u32,
  count: u32,
  size: u32,
  supersample: u32,
  pair: u32,
  parts: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

const TAU = 6.2831853;

// In the order of src/dataset/synthetic-labels.ts.
const BALL = 0u;
const BOX = 1u;
const TRIANGLE = 2u;
const STAR = 3u;
const RING = 4u;
const CROSS = 5u;
const HEART = 6u;
const CRESCENT = 7u;
const GEAR = 8u;
const FLOWER = 9u;
const STRIPES = 10u;
const CHECKER = 11u;
const DOTS = 12u;
const BRICKS = 13u;
const WAVES = 14u;
const SPIRAL = 15u;
const CLASSES = 16u;
const OBJECTS = 10u;

// A shape placed in the picture.
struct Placed {
  kind: u32,
  centre: vec2f,
  scale: f32,
  turn: vec2f,      // cosine and sine of its rotation
  tilt: vec2f,      // perspective
  detail: vec2f,    // 0..1, what the kind varies: teeth, duty, radius
}

// How a placed shape looks.
struct Material {
  color: vec3f,
  accent: vec3f,    // of the pattern on its surface
  pattern: f32,     // strength of that pattern, 0..1
  relief: f32,      // 0 flat .. 1 fully rounded
  bevel: f32,       // width of the rounded edge
  gloss: f32,
  shadow: f32,      // strength of the drop shadow, 0..1
}

// A short thick stroke or, of length zero, a blob.
struct Clutter {
  start: vec2f,
  end: vec2f,
  radius: f32,
  color: vec3f,
}

const MAX_CLUTTER = 6u;

struct Scene {
  items: array<Placed, 2>,
  materials: array<Material, 2>,
  itemCount: u32,
  clutter: array<Clutter, MAX_CLUTTER>,
  clutterCount: u32,
  motif: Placed,            // a faint texture behind objects and on surfaces
  motifStrength: f32,
  motifEdge: vec3f,         // the background's motif ends at this line: normal and offset
  near: vec3f,              // the background's two colours
  far: vec3f,
  gradient: vec2f,
  horizon: vec3f,           // normal and offset of the floor's edge
  floorShade: f32,
  light: vec3f,             // direction towards the light
  exposure: f32,
  grain: f32,
}

// ---- random numbers

var<private> key: u32;
var<private> draws: u32;

fn unit(bits: u32) -> f32 {
  return f32(bits >> 8u) / 16777216.0;
}

fn random() -> f32 {
  draws += 1u;
  return unit(hash(key ^ hash(draws)));
}

fn between(low: f32, high: f32) -> f32 {
  return mix(low, high, random());
}

fn chance(p: f32) -> bool {
  return random() < p;
}

fn anywhere(extent: f32) -> vec2f {
  let x = between(-extent, extent);
  return vec2f(x, between(-extent, extent));
}

fn direction() -> vec2f {
  let angle = between(0.0, TAU);
  return vec2f(cos(angle), sin(angle));
}

// ---- colour

// hue in turns
fn oklch(lightness: f32, chroma: f32, hue: f32) -> vec3f {
  let a = chroma * cos(TAU * hue);
  let b = chroma * sin(TAU * hue);
  let l = lightness + 0.3963377774 * a + 0.2158037573 * b;
  let m = lightness - 0.1055613458 * a - 0.0638541728 * b;
  let s = lightness - 0.0894841775 * a - 1.2914855480 * b;
  let lms = vec3f(l * l * l, m * m * m, s * s * s);
  return clamp(vec3f(
    dot(vec3f(4.0767416621, -3.3077115913, 0.2309699292), lms),
    dot(vec3f(-1.2684380046, 2.6097574011, -0.3413193965), lms),
    dot(vec3f(-0.0041960863, -0.7034186147, 1.7076147010), lms),
  ), vec3f(0.0), vec3f(1.0));
}

fn toDisplay(linear: vec3f) -> vec3f {
  let v = clamp(linear, vec3f(0.0), vec3f(1.0));
  return select(1.055 * pow(v, vec3f(1.0 / 2.4)) - 0.055, 12.92 * v, v <= vec3f(0.0031308));
}

// ---- signed distances, negative inside; objects fit the unit circle, textures have period 1

fn box(p: vec2f, extent: vec2f) -> f32 {
  let q = abs(p) - extent;
  return length(max(q, vec2f(0.0))) + min(max(q.x, q.y), 0.0);
}

fn triangle(point: vec2f, r: f32) -> f32 {
  let k = sqrt(3.0);
  var p = vec2f(abs(point.x) - r, point.y + r / k);
  if (p.x + k * p.y > 0.0) {
    p = vec2f(p.x - k * p.y, -k * p.x - p.y) / 2.0;
  }
  p.x -= clamp(p.x, -2.0 * r, 0.0);
  return -length(p) * sign(p.y);
}

fn star(point: vec2f, inner: f32) -> f32 {
  let k = vec2f(0.809016994, -0.587785252);
  let mirrored = vec2f(-k.x, k.y);
  var p = vec2f(abs(point.x), point.y);
  p -= 2.0 * max(dot(k, p), 0.0) * k;
  p -= 2.0 * max(dot(mirrored, p), 0.0) * mirrored;
  p = vec2f(abs(p.x), p.y - 1.0);
  let edge = inner * vec2f(-k.y, k.x) - vec2f(0.0, 1.0);
  let h = clamp(dot(p, edge) / dot(edge, edge), 0.0, 1.0);
  return length(p - edge * h) * sign(p.y * edge.x - p.x * edge.y);
}

fn plus(p: vec2f, reach: f32, width: f32) -> f32 {
  return min(box(p, vec2f(reach, width)), box(p, vec2f(width, reach)));
}

fn heart(point: vec2f) -> f32 {
  // The published heart stands on its tip, y up, and is about 1.2 wide.
  let p = vec2f(abs(point.x), 0.55 - 0.62 * point.y) * vec2f(0.62, 1.0);
  var d: f32;
  if (p.x + p.y > 1.0) {
    d = length(p - vec2f(0.25, 0.75)) - 0.3535534;
  } else {
    let toTop = length(p - vec2f(0.0, 1.0));
    let toSide = length(p - vec2f(0.5 * max(p.x + p.y, 0.0)));
    d = min(toTop, toSide) * sign(p.x - p.y);
  }
  return d / 0.62;
}

fn crescent(point: vec2f, bite: f32) -> f32 {
  let p = vec2f(point.x, abs(point.y));
  let r = 0.8;
  let a = (1.0 - r * r + bite * bite) / (2.0 * bite);
  let b = sqrt(max(1.0 - a * a, 0.0));
  if (bite * (p.x * b - p.y * a) > bite * bite * max(b - p.y, 0.0)) {
    return length(p - vec2f(a, b));
  }
  return max(length(p) - 1.0, r - length(p - vec2f(bite, 0.0)));
}

// p turned into the first of n equal sectors around the x axis
fn sector(p: vec2f, n: f32) -> vec2f {
  let slice = TAU / n;
  let angle = atan2(p.y, p.x);
  let folded = angle - slice * round(angle / slice);
  return length(p) * vec2f(cos(folded), sin(folded));
}

fn gear(p: vec2f, teeth: f32) -> f32 {
  let r = length(p);
  let tooth = box(sector(p, teeth) - vec2f(0.8, 0.0), vec2f(0.2, 1.35 / teeth));
  return max(min(r - 0.76, tooth), 0.3 - r);
}

fn flower(p: vec2f, petals: f32) -> f32 {
  let size = 2.2 / petals;
  return min(length(p) - (1.0 - 1.6 * size), length(sector(p, petals) - vec2f(1.0 - size, 0.0)) - size);
}

fn band(t: f32, duty: f32) -> f32 {
  return abs(fract(t) - 0.5) - 0.5 * duty;
}

fn checker(p: vec2f) -> f32 {
  let cell = floor(p);
  let toEdge = 0.5 - abs(fract(p) - 0.5);
  let d = min(toEdge.x, toEdge.y);
  return select(d, -d, fract(0.5 * (cell.x + cell.y)) < 0.25);
}

fn dots(point: vec2f, radius: f32, staggered: bool) -> f32 {
  var p = point;
  if (staggered) {
    p.x += 0.5 * floor(p.y);
  }
  return length(fract(p) - 0.5) - radius;
}

fn bricks(p: vec2f, gap: f32) -> f32 {
  let x = 0.5 * p.x + 0.5 * floor(p.y);
  let cell = (vec2f(fract(x), fract(p.y)) - 0.5) * vec2f(2.0, 1.0);
  return box(cell, vec2f(0.96, 0.46) - gap) - 0.04;
}

fn waves(p: vec2f, amplitude: f32, duty: f32) -> f32 {
  let k = TAU / 2.2;
  let slope = amplitude * k * cos(k * p.x);
  return band(p.y + amplitude * sin(k * p.x), duty) / sqrt(1.0 + slope * slope);
}

fn spiral(p: vec2f, duty: f32) -> f32 {
  return band(length(p) - atan2(p.y, p.x) / TAU, duty);
}

fn shape(kind: u32, p: vec2f, detail: vec2f) -> f32 {
  switch kind {
    case BALL: { return length(p) - 0.92; }
    case BOX: { return box(p, vec2f(0.66)) - 0.1; }
    case TRIANGLE: { return triangle(p * vec2f(1.0, -1.0) + vec2f(0.0, 0.12), 0.86) - 0.06; }
    case STAR: { return star(p * vec2f(1.0, -1.0), mix(0.42, 0.55, detail.x)) - 0.03; }
    case RING: { return abs(length(p) - 0.74) - mix(0.13, 0.24, detail.x); }
    case CROSS: { return plus(p, 0.88, mix(0.2, 0.32, detail.x)) - 0.05; }
    case HEART: { return heart(p); }
    case CRESCENT: { return crescent(p, mix(0.4, 0.6, detail.x)); }
    case GEAR: { return gear(p, round(mix(7.5, 11.5, detail.x))); }
    case FLOWER: { return flower(p, round(mix(4.5, 7.5, detail.x))); }
    case STRIPES: { return band(p.x, mix(0.38, 0.58, detail.x)); }
    case CHECKER: { return checker(p); }
    case DOTS: { return dots(p, mix(0.24, 0.36, detail.x), detail.y < 0.5); }
    case BRICKS: { return bricks(p, mix(0.03, 0.09, detail.x)); }
    case WAVES: { return waves(p, mix(0.3, 0.5, detail.x), mix(0.38, 0.58, detail.y)); }
    default: { return spiral(p * vec2f(1.0, select(-1.0, 1.0, detail.y < 0.5)), mix(0.38, 0.58, detail.x)); }
  }
}

fn distanceTo(item: Placed, p: vec2f) -> f32 {
  let seen = p / (1.0 + dot(item.tilt, p));
  let q = (seen - item.centre) / item.scale;
  let turned = vec2f(item.turn.x * q.x + item.turn.y * q.y, item.turn.x * q.y - item.turn.y * q.x);
  return item.scale * shape(item.kind, turned, item.detail);
}

// ---- the scene

fn isObject(kind: u32) -> bool {
  return kind < OBJECTS;
}

fn placeObject(kind: u32, middle: vec2f, room: f32) -> Placed {
  var item: Placed;
  item.kind = kind;
  item.scale = room * between(0.5, 0.86);
  item.centre = middle + anywhere(max(0.98 * room - item.scale, 0.0));
  // A heart upside down reads as something else.
  let angle = between(-1.0, 1.0) * select(0.5 * TAU, 0.1 * TAU, kind == HEART);
  item.turn = vec2f(cos(angle), sin(angle));
  item.tilt = anywhere(0.12);
  item.detail = vec2f(random(), random());
  return item;
}

fn placeTexture(kind: u32) -> Placed {
  var item: Placed;
  item.kind = kind;
  item.scale = between(0.26, 0.46);
  item.centre = anywhere(0.4);
  item.turn = direction();
  item.tilt = anywhere(0.16);
  item.detail = vec2f(random(), random());
  return item;
}

fn compose(index: u32) -> Scene {
  var scene: Scene;
  let left = index % OBJECTS;
  let paired = params.pair != 0u;
  let kind = select(index % CLASSES, left, paired);
  let textured = !isObject(kind);

  let lightAngle = TAU * between(0.52, 0.98);
  scene.light = normalize(vec3f(cos(lightAngle), sin(lightAngle), between(0.7, 1.3)));

  // The object is clearly lighter or darker than what is behind it or, in vivid scenes, of a clearly different hue.
  let vivid = chance(0.3);
  let hue = random();
  let behind = select(between(0.27, 0.45), between(0.72, 0.95), chance(0.55));
  let step = select(between(0.24, 0.42), between(0.08, 0.16), vivid);
  let ahead = clamp(behind + select(step, -step, behind > 0.55), 0.3, 0.93);
  let chroma = select(between(0.02, 0.1), between(0.09, 0.14), vivid);
  scene.near = oklch(behind + between(-0.05, 0.05), chroma, hue);
  scene.far = oklch(behind + between(-0.05, 0.05), chroma, hue + between(-0.12, 0.12));
  scene.gradient = direction() * between(0.2, 0.7);
  scene.horizon = vec3f(between(-0.25, 0.25), 1.0, between(0.1, 0.7));
  scene.floorShade = select(1.0, between(0.72, 0.92), chance(0.45));

  scene.motif = placeTexture(OBJECTS + u32(random() * f32(CLASSES - OBJECTS)));
  scene.motif.scale *= between(0.5, 1.0);
  scene.motifStrength = select(0.0, between(0.15, 0.5), chance(0.55) && !textured);
  scene.motifEdge = vec3f(direction(), between(-0.4, 0.3));

  scene.itemCount = select(1u, 2u, paired);
  if (paired) {
    scene.items[0] = placeObject(left, vec2f(-0.5, between(-0.25, 0.25)), 0.56);
    scene.items[1] = placeObject((left + 1u + (index / OBJECTS) % (OBJECTS - 1u)) % OBJECTS,
      vec2f(0.5, between(-0.25, 0.25)), 0.56);
  } else if (textured) {
    scene.items[0] = placeTexture(kind);
  } else {
    scene.items[0] = placeObject(kind, vec2f(0.0), 1.0);
  }
  for (var i = 0u; i < scene.itemCount; i++) {
    let objectHue = hue + select(between(0.12, 0.88), between(0.35, 0.65), vivid);
    let objectChroma = between(select(0.06, 0.13, vivid), 0.2);
    scene.materials[i].color = oklch(ahead, objectChroma, objectHue);
    scene.materials[i].accent = oklch(clamp(ahead + between(-0.14, 0.14), 0.2, 0.95), objectChroma, objectHue + between(-0.15, 0.15));
    scene.materials[i].pattern = select(0.0, between(0.3, 0.9), chance(0.35)) * select(1.0, 0.4, textured);
    scene.materials[i].relief = select(between(0.3, 0.85), 0.0, chance(0.15));
    scene.materials[i].bevel = between(0.2, 0.9) * select(0.3, 0.4, textured) * scene.items[i].scale;
    scene.materials[i].gloss = select(0.0, between(0.1, 0.5), chance(0.6));
    scene.materials[i].shadow = between(0.1, 0.6);
    if (scene.items[i].kind == BALL) {
      scene.materials[i].relief = between(0.6, 0.9);
      scene.materials[i].bevel = 0.92 * scene.items[i].scale;
    }
  }

  scene.clutterCount = u32(between(0.0, f32(MAX_CLUTTER) + 0.99)) * select(0u, 1u, chance(0.7));
  for (var i = 0u; i < scene.clutterCount; i++) {
    let start = anywhere(1.0);
    let reach = direction() * between(0.2, 0.7);
    let stroke = chance(0.5);
    scene.clutter[i].start = start;
    scene.clutter[i].end = select(start, start + reach, stroke);
    scene.clutter[i].radius = select(between(0.03, 0.1), between(0.01, 0.035), stroke);
    scene.clutter[i].color = oklch(clamp(behind + between(-0.22, 0.22), 0.15, 0.97), between(0.02, 0.15), random());
  }

  scene.exposure = between(0.75, 1.15);
  scene.grain = between(0.0, 0.06) * random();
  return scene;
}

// ---- drawing

// Share of a pixel that lies inside, from the distance to the edge and the width of a sample.
fn coverage(d: f32, blur: f32) -> f32 {
  return 1.0 - smoothstep(-blur, blur, d);
}

fn drawClutter(below: vec3f, scene: ptr<function, Scene>, p: vec2f, blur: f32) -> vec3f {
  var color = below;
  for (var i = 0u; i < (*scene).clutterCount; i++) {
    let c = (*scene).clutter[i];
    let along = c.end - c.start;
    let t = clamp(dot(p - c.start, along) / max(dot(along, along), 1e-6), 0.0, 1.0);
    color = mix(color, c.color, coverage(length(p - c.start - t * along) - c.radius, blur));
  }
  return color;
}

fn drawBackground(scene: ptr<function, Scene>, p: vec2f, motif: f32, blur: f32) -> vec3f {
  let t = 0.5 + dot((*scene).gradient, p);
  var color = mix((*scene).near, (*scene).far, smoothstep(0.0, 1.0, t));
  let fade = smoothstep(0.0, 0.5, dot((*scene).motifEdge.xy, p) - (*scene).motifEdge.z);
  color *= 1.0 - (*scene).motifStrength * 0.6 * fade * motif;
  let aboveFloor = (*scene).horizon.z - dot((*scene).horizon.xy, p);
  return color * mix(1.0, (*scene).floorShade, coverage(aboveFloor, blur));
}

fn drawItem(below: vec3f, scene: ptr<function, Scene>, i: u32, p: vec2f, motif: f32, blur: f32) -> vec3f {
  let item = (*scene).items[i];
  let material = (*scene).materials[i];
  let light = (*scene).light;

  let shaded = distanceTo(item, p + light.xy * 0.22 * item.scale);
  var color = below * (1.0 - material.shadow * coverage(shaded, 0.16 * item.scale + blur));

  let d = distanceTo(item, p);
  let h = 0.01;
  let slope = vec2f(distanceTo(item, p + vec2f(h, 0.0)), distanceTo(item, p + vec2f(0.0, h))) - d;
  let outwards = slope / max(length(slope), 1e-6);
  let lean = material.relief * outwards * (1.0 - clamp(-d / material.bevel, 0.0, 1.0));
  let normal = vec3f(lean, sqrt(1.0 - dot(lean, lean)));

  let albedo = mix(material.color, material.accent, material.pattern * motif);
  let facing = max(dot(normal, light), 0.0) / light.z;
  let halfway = normalize(light + vec3f(0.0, 0.0, 1.0));
  let glint = material.gloss * pow(max(dot(normal, halfway), 0.0), 40.0) * min(length(lean) * 4.0, 1.0);
  let lit = albedo * (0.35 + 0.65 * facing) + glint;
  return mix(color, lit, coverage(d, blur));
}

fn render(scene: ptr<function, Scene>, p: vec2f, blur: f32) -> vec3f {
  let motif = coverage(distanceTo((*scene).motif, p), blur);
  var color = drawBackground(scene, p, motif, blur);
  let textured = !isObject((*scene).items[0].kind);
  if (!textured) {
    color = drawClutter(color, scene, p, blur);
  }
  for (var i = 0u; i < (*scene).itemCount; i++) {
    color = drawItem(color, scene, i, p, motif, blur);
  }
  if (textured) {
    color = drawClutter(color, scene, p, blur);
  }
  let vignette = 1.0 - 0.12 * dot(p, p);
  return color * vignette * (*scene).exposure;
}

// What is seen at a place, the uppermost alone: item, motif, clutter.
fn partsAt(scene: ptr<function, Scene>, p: vec2f) -> vec3f {
  var clutter = false;
  for (var i = 0u; i < (*scene).clutterCount; i++) {
    let c = (*scene).clutter[i];
    let along = c.end - c.start;
    let t = clamp(dot(p - c.start, along) / max(dot(along, along), 1e-6), 0.0, 1.0);
    clutter = clutter || length(p - c.start - t * along) < c.radius;
  }
  if (!isObject((*scene).items[0].kind)) {
    return select(vec3f(f32(1u + (*scene).items[0].kind), 0.0, 0.0), vec3f(0.0, 0.0, 1.0), clutter);
  }
  // A later item covers those before it.
  for (var i = (*scene).itemCount; i > 0u; i--) {
    if (distanceTo((*scene).items[i - 1u], p) < 0.0) {
      return vec3f(f32(1u + (*scene).items[i - 1u].kind), 0.0, 0.0);
    }
  }
  if (clutter) {
    return vec3f(0.0, 0.0, 1.0);
  }
  let seen = (*scene).motifStrength > 0.0 && dot((*scene).motifEdge.xy, p) - (*scene).motifEdge.z > 0.25;
  return vec3f(0.0, select(0.0, f32(1u + (*scene).motif.kind), seen), 0.0);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.size || id.y >= params.size || id.z >= params.count) {
    return;
  }
  let index = params.first + id.z;
  key = hash(index ^ hash(params.seed));
  draws = 0u;
  var scene = compose(index);

  let samples = max(params.supersample, 1u);
  let pixel = 2.0 / f32(params.size);
  let position = (id.z * params.size + id.y) * params.size + id.x;
  if (params.parts != 0u) {
    let parts = partsAt(&scene, (vec2f(id.xy) + 0.5) * pixel - 1.0);
    y[3u * position] = parts.x;
    y[3u * position + 1u] = parts.y;
    y[3u * position + 2u] = parts.z;
    return;
  }
  let step = pixel / f32(samples);
  var sum = vec3f(0.0);
  for (var j = 0u; j < samples; j++) {
    for (var i = 0u; i < samples; i++) {
      let p = vec2f(id.xy) * pixel + (vec2f(f32(i), f32(j)) + 0.5) * step - 1.0;
      sum += render(&scene, p, 0.7 * step);
    }
  }

  let noise = hash(key ^ hash(0x80000000u + id.y * params.size + id.x));
  let grain = (unit(noise) + unit(hash(noise)) - 1.0) * scene.grain;
  let color = clamp(toDisplay(sum / f32(samples * samples)) + grain, vec3f(0.0), vec3f(1.0));
  y[3u * position] = color.r;
  y[3u * position + 1u] = color.g;
  y[3u * position + 2u] = color.b;
}
