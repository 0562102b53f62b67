import type { Shape } from "../../src/gpu/tensor.ts";

/** rfft2 of pictures [N, H, W, C] in double precision, by the definition: [N, H, ⌊W/2⌋ + 1, C, 2]. */
export function rfft2(x: ArrayLike<number>, [n = 0, h = 0, w = 0, c = 0]: Shape): Float64Array {
  const half = Math.floor(w / 2) + 1;
  const y = new Float64Array(n * h * half * c * 2);
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      for (let u = 0; u < h; u++) {
        for (let v = 0; v < half; v++) {
          let re = 0;
          let im = 0;
          for (let i = 0; i < h; i++) {
            for (let j = 0; j < w; j++) {
              const value = x[((image * h + i) * w + j) * c + channel] ?? Number.NaN;
              const angle = -2 * Math.PI * (((u * i) % h) / h + ((v * j) % w) / w);
              re += value * Math.cos(angle);
              im += value * Math.sin(angle);
            }
          }
          const at = (((image * h + u) * half + v) * c + channel) * 2;
          y[at] = re;
          y[at + 1] = im;
        }
      }
    }
  }
  return y;
}
