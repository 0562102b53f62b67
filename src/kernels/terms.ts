import addShader from "../../shaders/add_partials.wgsl";
import matchShader from "../../shaders/best_match.wgsl";
import matchGradientShader from "../../shaders/best_match_gradient.wgsl";
import directionShader from "../../shaders/direction.wgsl";
import directionGradientShader from "../../shaders/direction_gradient.wgsl";
import distanceShader from "../../shaders/distance.wgsl";
import distanceGradientShader from "../../shaders/distance_gradient.wgsl";
import variationShader from "../../shaders/total_variation.wgsl";
import variationGradientShader from "../../shaders/total_variation_gradient.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { createSteps, type Scratch, type Step } from "../gpu/steps.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { EVERY_INDEX } from "./objective.ts";

/** Where a term's value goes. */
export interface TermScoreSite {
  /** [N]: gets weight · term of each image. */
  readonly values: Tensor;
  readonly weight: number;
  /** Add to what is there. */
  readonly accumulate: boolean;
}

/** Where a term's gradient goes. */
export interface TermGradientSite {
  readonly weight: number;
  /** Add to what is there. */
  readonly accumulate: boolean;
}

/** Elements that one workgroup sums. */
const SLICE = 4096;
const threads = (elements: number): [number, number] => gridOf(Math.ceil(elements / 256));

/** Adds up the partial sums of each image. */
export function addStep(partials: Tensor, { values, weight, accumulate }: TermScoreSite): Step {
  const images = sizeOf(values.shape);
  return {
    shader: addShader,
    params: { images, slices: sizeOf(partials.shape) / images, weight, accumulate: Number(accumulate) },
    bindings: { partials, values },
    workgroups: gridOf(images),
  };
}

/** Slices of an image, and the tensor of their sums. */
function sliced({ values }: TermScoreSite, size: number, scratch: Scratch) {
  const [images, slices] = [sizeOf(values.shape), Math.ceil(size / SLICE)];
  const partials = scratch([images, slices], "partial sums");
  return { images, slices, partials, workgroups: gridOf(images * slices) };
}

interface Distance {
  readonly x: Tensor;
  /** One number, one a channel, an image, or all of x. */
  readonly r: Tensor;
  readonly alpha: number;
}

/** Makes weight · Σ |x − r|^alpha of each image; see distance.wgsl. */
export function createDistance(
  device: GPUDevice,
  { x, r, alpha, ...site }: Distance & TermScoreSite,
): Promise<Command> {
  return createSteps(device, "distance", (scratch) => {
    const size = sizeOf(x.shape.slice(1));
    const { images, slices, partials, workgroups } = sliced(site, size, scratch);
    const params = { images, size, period: sizeOf(r.shape), slices, slice: SLICE, alpha };
    return [
      { shader: distanceShader, params, bindings: { x, r, partials }, workgroups },
      addStep(partials, site),
    ];
  });
}

/** The gradient of the same to x; see distance_gradient.wgsl. */
export function createDistanceGradient(
  device: GPUDevice,
  { x, r, dx, alpha, weight, accumulate }: Distance & TermGradientSite & { readonly dx: Tensor },
): Promise<Command> {
  const size = sizeOf(x.shape);
  return createDispatch(device, distanceGradientShader, {
    params: { size, period: sizeOf(r.shape), alpha, weight, accumulate: Number(accumulate) },
    bindings: { x, r, dx },
    workgroups: threads(size),
  });
}

interface Variation {
  readonly x: Tensor;
  readonly beta: number;
}

/** Makes weight · Σ (Δ→² + Δ↓²)^(beta/2) of each image; see total_variation.wgsl. */
export function createTotalVariation(
  device: GPUDevice,
  { x, beta, ...site }: Variation & TermScoreSite,
): Promise<Command> {
  return createSteps(device, "total variation", (scratch) => {
    const [, height, width, channels] = asNhwc(x.shape);
    const { images, slices, partials, workgroups } = sliced(site, height * width * channels, scratch);
    const params = { images, height, width, channels, slices, slice: SLICE, beta };
    return [
      { shader: variationShader, params, bindings: { x, partials }, workgroups },
      addStep(partials, site),
    ];
  });
}

/** The gradient of the same to x; see total_variation_gradient.wgsl. */
export function createTotalVariationGradient(
  device: GPUDevice,
  { x, dx, beta, weight, accumulate }: Variation & TermGradientSite & { readonly dx: Tensor },
): Promise<Command> {
  const [, height, width, channels] = asNhwc(x.shape);
  const size = sizeOf(x.shape);
  return createDispatch(device, variationGradientShader, {
    params: { size, height, width, channels, beta, weight, accumulate: Number(accumulate) },
    bindings: { x, dx },
    workgroups: threads(size),
  });
}

interface Direction {
  /** [N, …] */
  readonly a: Tensor;
  /** Elements of a place: a pixel's channels, or a whole image. */
  readonly size: number;
  /** [size], or as many as the places of an image or of all. */
  readonly v: Tensor;
  /** Length of the vector in v. */
  readonly length: number;
  readonly power: number;
  /** The one place of an image that counts. Default: every. */
  readonly only?: number | undefined;
  /** [N·places, 2] */
  readonly found: Tensor;
}

function directionParams({ a, size, v, length, power, only = EVERY_INDEX }: Direction) {
  const each = sizeOf(a.shape.slice(1)) / size;
  return { size, period: sizeOf(v.shape), power, length, each, only };
}

/** Makes weight · Σ over places of how far each lies in a direction; see direction.wgsl. */
export function createDirection(device: GPUDevice, site: Direction & TermScoreSite): Promise<Command> {
  const { a, v, size, found } = site;
  return createSteps(device, "direction", (scratch) => {
    const places = sizeOf(a.shape) / size;
    const terms = scratch([a.shape[0] ?? 1, places / (a.shape[0] ?? 1)], "terms of places");
    const params = { places, ...directionParams(site) };
    return [
      { shader: directionShader, params, bindings: { a, v, found, terms }, workgroups: gridOf(places) },
      addStep(terms, site),
    ];
  });
}

/** The gradient of the same to a, once `found` is written; see direction_gradient.wgsl. */
export function createDirectionGradient(
  device: GPUDevice,
  site: Direction & TermGradientSite & { readonly da: Tensor },
): Promise<Command> {
  const { a, v, found, da, weight, accumulate } = site;
  const elements = sizeOf(a.shape);
  return createDispatch(device, directionGradientShader, {
    params: { elements, ...directionParams(site), weight, accumulate: Number(accumulate) },
    bindings: { a, v, found, da },
    workgroups: threads(elements),
  });
}

interface BestMatch {
  /** [N, …, channels] */
  readonly a: Tensor;
  /** [guides, channels] */
  readonly y: Tensor;
  /** [places of all images], u32 */
  readonly best: Tensor;
}

/** Makes weight · Σ over places of the best product with one of the guide's; see best_match.wgsl. */
export function createBestMatch(
  device: GPUDevice,
  { a, y, best, ...site }: BestMatch & TermScoreSite,
): Promise<Command> {
  return createSteps(device, "best match", (scratch) => {
    const channels = a.shape.at(-1) ?? 1;
    const places = sizeOf(a.shape) / channels;
    const terms = scratch([a.shape[0] ?? 1, places / (a.shape[0] ?? 1)], "terms of places");
    const params = { places, guides: sizeOf(y.shape) / channels, channels };
    return [
      { shader: matchShader, params, bindings: { a, y, best, terms }, workgroups: gridOf(places) },
      addStep(terms, site),
    ];
  });
}

/** The gradient of the same to a, once `best` is written; see best_match_gradient.wgsl. */
export function createBestMatchGradient(
  device: GPUDevice,
  { y, best, da, weight, accumulate }: Omit<BestMatch, "a"> & TermGradientSite & { readonly da: Tensor },
): Promise<Command> {
  const elements = sizeOf(da.shape);
  const channels = da.shape.at(-1) ?? 1;
  return createDispatch(device, matchGradientShader, {
    params: { elements, channels, weight, accumulate: Number(accumulate) },
    bindings: { y, best, da },
    workgroups: threads(elements),
  });
}
