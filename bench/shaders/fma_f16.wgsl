enable f16;

// Multiplies and adds in registers alone, in half precision: what the arithmetic units can do at most, for kernels to be
// measured against.
//
// y: [threads], one value a thread, so that nothing is optimised away.
// One thread runs CHAINS independent chains of rounds · 4 fused multiply-adds of vectors of four: enough of them to hide
// the latency, few enough to stay in registers; which number that is, the device decides.

override CHAINS: u32 = 4; // 1, 2, 4 or 8

struct Params {
  rounds: u32,
  factor: f32,
  offset: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let m = vec4<f16>(f16(params.factor));
  let b = vec4<f16>(f16(params.offset));
  // Every lane of every chain differs, or a compiler would compute one for all.
  let x = vec4<f16>(f16(id.x & 255u)) + vec4<f16>(0, 0.25, 0.5, 0.75);
  var a0 = x + 1;
  var a1 = x + 5;
  var a2 = x + 9;
  var a3 = x + 13;
  var a4 = x + 17;
  var a5 = x + 21;
  var a6 = x + 25;
  var a7 = x + 29;
  for (var i = 0u; i < params.rounds; i++) {
    a0 = fma(a0, m, b);
    if (CHAINS > 1) { a1 = fma(a1, m, b); }
    if (CHAINS > 2) { a2 = fma(a2, m, b); a3 = fma(a3, m, b); }
    if (CHAINS > 4) { a4 = fma(a4, m, b); a5 = fma(a5, m, b); a6 = fma(a6, m, b); a7 = fma(a7, m, b); }
    a0 = fma(a0, m, b);
    if (CHAINS > 1) { a1 = fma(a1, m, b); }
    if (CHAINS > 2) { a2 = fma(a2, m, b); a3 = fma(a3, m, b); }
    if (CHAINS > 4) { a4 = fma(a4, m, b); a5 = fma(a5, m, b); a6 = fma(a6, m, b); a7 = fma(a7, m, b); }
    a0 = fma(a0, m, b);
    if (CHAINS > 1) { a1 = fma(a1, m, b); }
    if (CHAINS > 2) { a2 = fma(a2, m, b); a3 = fma(a3, m, b); }
    if (CHAINS > 4) { a4 = fma(a4, m, b); a5 = fma(a5, m, b); a6 = fma(a6, m, b); a7 = fma(a7, m, b); }
    a0 = fma(a0, m, b);
    if (CHAINS > 1) { a1 = fma(a1, m, b); }
    if (CHAINS > 2) { a2 = fma(a2, m, b); a3 = fma(a3, m, b); }
    if (CHAINS > 4) { a4 = fma(a4, m, b); a5 = fma(a5, m, b); a6 = fma(a6, m, b); a7 = fma(a7, m, b); }
  }
  let sum = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7;
  y[id.x] = f32(sum.x + sum.y + sum.z + sum.w);
}
