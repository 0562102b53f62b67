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
}

/** Lays a sweep out in batches of at most so many images, as even as can be. */
export function coveringOf(side: number, patch: number, stride: number, most: number): Covering {
  const places = Math.ceil((side - patch) / stride) + 1;
  const images = 1 + places * places;
  const batches = Math.ceil(images / most);
  return { side, patch, stride, images, batches, batch: Math.ceil(images / batches) };
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

/** How far each covered image's score falls below the clean one's. */
export function dropsOf(scores: Float32Array): Float32Array {
  const [clean = Number.NaN] = scores;
  return scores.slice(1).map((score) => clean - score);
}
