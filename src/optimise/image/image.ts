import type { Owner } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";

/** The images of an ascent before they are made: how many, of which size. */
export interface ImageSite {
  readonly device: GPUDevice;
  /** Number of images, which are varied side by side and know nothing of one another. */
  readonly images: number;
  /** Size of each. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /**
   * `[images]`: the number of each image, by which its random numbers are drawn. An image of the same number is the same to
   * the bit whatever batch it is in.
   */
  readonly numbers: Tensor<"u32">;
  /** Seed of the random numbers that images begin with. */
  readonly seed: number;
}

/**
 * Images as an ascent varies them (a parametrisation): parameters, the pixels that they mean, and the gradient back. Recording
 * allocates nothing, submits nothing and writes no queue; each function opens the passes that it needs.
 */
export interface AscentImage {
  /** `[images, P]`: what is varied. */
  readonly parameters: Tensor;
  /** `[images, P]`: gradient of the objective to the parameters, which `back` writes. */
  readonly gradient: Tensor;
  /** `[images, H, W, C]`, which `draw` writes, in the unit that the kind says. */
  readonly pixels: Tensor;
  /** `[images, H, W, C]`: gradient of the objective to the pixels, which `back` reads. */
  readonly pixelGradient: Tensor;
  /** Writes the parameters that an ascent begins with. */
  start(encoder: GPUCommandEncoder): void;
  /** Draws the pixels that the parameters mean. */
  draw(encoder: GPUCommandEncoder): void;
  /** Takes the gradient to the pixels back to the parameters. Runs after `draw`. */
  back(encoder: GPUCommandEncoder): void;
}

/** A kind of image: how parameters become pixels. A function makes it from its options, such as `pixelImage({ … })`. */
export interface ImageKind<I extends AscentImage = AscentImage> {
  /** For captions: "pixels", "Fourier spectrum". */
  readonly name: string;
  /** Unit of the pixels: "unit" is 0…1 from black to white, before the network's preprocessing; "input" is the network's own. */
  readonly range: "unit" | "input";
  /** @throws InputError where the size or what it begins with does not fit. */
  create(site: ImageSite): Promise<I & Owner>;
}
