declare module "fft.js" {
  /** Fourier transforms of a length that is a power of two; complex arrays are real and imaginary parts by turns. */
  export default class FFT {
    constructor(size: number);
    transform(out: Float64Array, data: Float64Array): void;
  }
}
