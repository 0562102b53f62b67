import {
  deconvnet,
  type ExplainOptions,
  type Explanation,
  gradCam,
  guidedBackprop,
  type Network,
  occlusion,
  overColour,
  saliency,
} from "../src/index.ts";

/** A map over the image, ready to be drawn. */
export interface Answer {
  readonly technique: TechniqueName;
  /** [height, width] at the technique's own resolution. */
  readonly values: Float32Array;
  readonly shape: readonly [number, number];
  /** What the colours begin and end at. */
  readonly min: number;
  readonly max: number;
  /** Whether zero lies in the middle. */
  readonly signed: boolean;
  /** What a value means. */
  readonly unit: string;
  /** What was left out of the colours, if anything. */
  readonly clipped: string;
}

interface Technique {
  readonly title: string;
  /** One sentence for people. */
  readonly says: string;
  readonly unit: string;
  run(network: Network, input: Float32Array, options: ExplainOptions & Progress): Promise<Explanation>;
}

interface Progress {
  readonly onProgress?: (fraction: number) => void;
}

export const TECHNIQUES = {
  gradcam: {
    title: "Grad-CAM",
    says: "Where the last maps speak for the target, weighed by their gradient.",
    unit: "weighted activation",
    run: gradCam,
  },
  occlusion: {
    title: "Occlusion",
    says: "How much the score falls when a patch of the image is covered.",
    unit: "fall of the score",
    run: (network, input, options) =>
      occlusion(network, input, { ...options, patch: patchOf(network), stride: strideOf(network) }),
  },
  saliency: {
    title: "Saliency",
    says: "How strongly each pixel moves the score, by its gradient.",
    unit: "largest |∂score/∂pixel| over colour",
    run: saliency,
  },
  guided: {
    title: "Guided backprop",
    says: "The gradient through positive paths only: sharp, and nearly blind to the class.",
    unit: "largest |signal| over colour",
    run: guidedBackprop,
  },
  deconvnet: {
    title: "Deconvnet",
    says: "The pattern that the positive signal projects back to: nearly blind to the class.",
    unit: "largest |signal| over colour",
    run: deconvnet,
  },
} as const satisfies Readonly<Record<string, Technique>>;

export type TechniqueName = keyof typeof TECHNIQUES;

const edgeOf = (network: Network) =>
  Math.min(network.shapes.get(network.graph.layers[0]?.name ?? "")?.[1] ?? 7, 4096);
const patchOf = (network: Network) => Math.max(1, Math.round(edgeOf(network) / 6));
const strideOf = (network: Network) => Math.max(1, Math.round(edgeOf(network) / 14));

export function isTechnique(name: string | undefined): name is TechniqueName {
  return name !== undefined && name in TECHNIQUES;
}

/** Asks the network why, and prepares the answer for the eye. */
export async function ask(
  network: Network,
  input: Float32Array,
  name: TechniqueName,
  options: ExplainOptions & Progress,
): Promise<Answer> {
  const technique: Technique = TECHNIQUES[name];
  const found = await technique.run(network, input, options);
  const flat = found.shape.length === 3 ? overColour(found) : found;
  const [height = 1, width = 1] = flat.shape;
  const values = flat.data;
  const signed = values.some((value) => value < 0);
  const sizes = Float32Array.from(values, Math.abs).sort();
  const largest = sizes.at(-1) ?? 0;
  // A handful of pixels carry the largest gradients; the rest would be black beside them.
  const clips = found.shape.length === 3;
  const max = clips ? (sizes[Math.floor(0.99 * (sizes.length - 1))] ?? 0) : largest;
  return {
    technique: name,
    values,
    shape: [height, width],
    min: signed ? -max : 0,
    max,
    signed,
    unit: technique.unit,
    clipped: clips && max < largest ? "The strongest 1 % of pixels is clipped." : "",
  };
}
