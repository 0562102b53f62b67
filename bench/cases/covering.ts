/** A sweep of square patches over a square image, as whoever runs whole covered images lays it out. */
export interface Covering {
  readonly side: number;
  readonly patch: number;
  readonly stride: number;
  /** The clean image, and one for each patch. */
  readonly images: number;
  /** Images of a batch; the last batch may be filled up with clean ones. */
  readonly batch: number;
  readonly batches: number;
  /** The batches that are run, the clean image's first: every covered image takes as long as any other, so a few tell. */
  readonly run: readonly number[];
}

/**
 * Lays a sweep out in batches of at most so many images, as even as can be.
 * @param run how many batches of it are run, spread over the image; default all.
 */
export function coveringOf(
  side: number,
  patch: number,
  stride: number,
  most: number,
  run = Number.POSITIVE_INFINITY,
): Covering {
  const places = Math.ceil((side - patch) / stride) + 1;
  const images = 1 + places * places;
  const batches = Math.ceil(images / most);
  const some = Math.min(run, batches);
  return {
    side,
    patch,
    stride,
    images,
    batches,
    batch: Math.ceil(images / batches),
    run: Array.from({ length: some }, (_, index) => Math.floor((index * batches) / some)),
  };
}

/** The masks of one batch, [batch, side, side, 1]: 0 where an image is covered, 1 elsewhere. */
export function masksOf(
  { side, patch, stride, images, batch }: Covering,
  index: number,
): Float32Array<ArrayBuffer> {
  const masks = new Float32Array(batch * side * side).fill(1);
  const places = Math.ceil((side - patch) / stride) + 1;
  for (let one = 0; one < batch; one++) {
    const image = index * batch + one;
    // Image 0 is the clean one.
    if (image === 0 || image >= images) continue;
    const top = Math.min(Math.floor((image - 1) / places) * stride, side - patch);
    const left = Math.min(((image - 1) % places) * stride, side - patch);
    for (let row = top; row < top + patch; row++) {
      const start = (one * side + row) * side + left;
      masks.fill(0, start, start + patch);
    }
  }
  return masks;
}

/** Stands for the score of an image that was not run. */
const NOT_RUN = Number.POSITIVE_INFINITY;

/** The scores of all images, from those of the batches that were run, one after the other. */
export function laidOut({ images, batch, run }: Covering, scores: Float32Array): Float32Array {
  const all = new Float32Array(images).fill(NOT_RUN);
  for (const [place, index] of run.entries()) {
    const part = scores.subarray(place * batch, (place + 1) * batch);
    all.set(part.subarray(0, images - index * batch), index * batch);
  }
  return all;
}

/** The scores of which two sweeps ran both; where that is less than a batch, or one is no number, none. */
export function inBoth(
  { batch, images }: Covering,
  a: Float32Array,
  b: Float32Array,
): [Float32Array, Float32Array] {
  const common = [...a.keys()].filter((image) => a[image] !== NOT_RUN && b[image] !== NOT_RUN);
  const wrong = a.length !== images || b.length !== images || a.some(Number.isNaN) || b.some(Number.isNaN);
  if (wrong || common.length < Math.min(batch, images)) return [new Float32Array(), new Float32Array()];
  return [
    Float32Array.from(common, (image) => a[image] ?? 0),
    Float32Array.from(common, (image) => b[image] ?? 0),
  ];
}

/** Fall of each covered image's score below the clean one's. */
export function dropsOf(scores: Float32Array): Float32Array {
  const [clean = Number.NaN] = scores;
  return scores.slice(1).map((score) => clean - score);
}
