/** Base of every error that Vitrine throws on purpose. */
export class VitrineError extends Error {
  override name = "VitrineError";
}

/** An argument, image, shape or target that cannot be right. */
export class InputError extends VitrineError {
  override name = "InputError";
}

/** A model file that is damaged, incomplete or contradicts itself. */
export class ModelError extends VitrineError {
  override name = "ModelError";
}

/** A layer, option or device feature that Vitrine does not support; never answered with a wrong picture. */
export class UnsupportedError extends VitrineError {
  override name = "UnsupportedError";
}

/** A kernel that the device's compiler refused; the message carries the WGSL line. */
export class CompileError extends VitrineError {
  override name = "CompileError";
}

/** The GPU device was lost or destroyed while work was under way. */
export class DeviceLostError extends VitrineError {
  override name = "DeviceLostError";
}

/** The device has no memory left for what was asked. */
export class OutOfMemoryError extends VitrineError {
  override name = "OutOfMemoryError";
}

/** An ascent whose objective or pixels became NaN or infinite; it carries the last images that were not. */
export class DivergedError extends VitrineError {
  override name = "DivergedError";
  /** `[images, H, W, C]`, in the unit of the ascent's pixels: for each image the last pixels that were numbers, zeros where none were. */
  readonly pixels: Float32Array;

  constructor(message: string, pixels: Float32Array) {
    super(message);
    this.pixels = pixels;
  }
}
