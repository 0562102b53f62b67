// Backward rules: how a gradient passes an activation. At a ReLU of z, with the gradient dy to its output:
//
//   gradient    dy·1[z>0]             Simonyan et al. 2013
//   guided      dy·1[z>0]·1[dy>0]     Springenberg et al. 2014
//   deconvnet   dy·1[dy>0]            Zeiler & Fergus 2013
//   redirected  the gradient, unless it is zero in all of an image; there dy·1[z>0 or dy>0], which opens closed units
//               that a rise of z would serve. Lucid, 2018
//   pass        dy
//
// For ReLU6 1[z>0] is 1[0<z<6], and redirected also lets a negative gradient pass where z ≥ 6. The codes are those of
// src/layers/activation-gradient.ts. The kernel declares `Value`, f32 or vec4<f32>.

const GRADIENT = 0u;
const GUIDED = 1u;
const DECONVNET = 2u;
const REDIRECTED = 3u;
const PASS = 4u;

// The part of a gradient that a rule looks at: what is positive for guided and deconvnet, all of it for the others.
fn admitted(gradient: Value, rule: u32) -> Value {
  if (rule == GUIDED || rule == DECONVNET) {
    return max(gradient, Value());
  }
  return gradient;
}
