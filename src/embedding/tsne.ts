import { recordCommands } from "../gpu/command.ts";
import { assertDevice } from "../gpu/device.ts";
import { InputError, VitrineError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { all, build, type Owner, withScope } from "../gpu/scope.ts";
import { formatShape, readTensor, type Tensor } from "../gpu/tensor.ts";
import { createNextStep } from "../kernels/ascent.ts";
import {
  createAffinities,
  createRepulsion,
  createTsneDivergence,
  createTsneGradient,
  createTsneMove,
  repulsionShape,
} from "../kernels/tsne.ts";
import { LOOP, type LoopOptions } from "../sampling/batches.ts";
import { Draws } from "../sampling/draws.ts";
import { seedOf } from "../sampling/seed.ts";
import { type Affinities, jointAffinities } from "./affinities.ts";
import { type Neighbours, nearestNeighbours } from "./neighbours.ts";
import { createPace } from "./pace.ts";
import { pca } from "./pca.ts";
import { assertPoints, METRICS, type Metric, type Points } from "./points.ts";

export interface TsneOptions {
  /** Of the map. Default 2. */
  readonly dimensions?: 2 | 3 | undefined;
  /** Number of neighbours that a point should feel, below N. Default 30, or (N − 1) / 3 where that is less. */
  readonly perplexity?: number | undefined;
  /**
   * How many nearest neighbours of each point attract it; all others are too far to matter. Default 3·perplexity + 1, as in
   * scikit-learn; N − 1 takes every pair.
   */
  readonly neighbours?: number | undefined;
  /** How far points are apart. Default `"euclidean"`. */
  readonly metric?: Metric | undefined;
  /** Nearest neighbours that were found before, at least as many of each point as are asked; they stand in for `metric`. */
  readonly nearest?: Neighbours | undefined;
  /** By how much attraction is exaggerated at first. Default 12. */
  readonly exaggeration?: number | undefined;
  /** Iterations with exaggeration. Default 250. */
  readonly early?: number | undefined;
  /** Default max(N / exaggeration / 4, 50). */
  readonly rate?: number | undefined;
  /**
   * Where points are at first: along their principal components (default), the first with a standard deviation of 1e-4; at
   * random, normal with 1e-4; or places of one's own, [N, dimensions].
   */
  readonly start?: "pca" | "random" | Points | undefined;
  /** Of a random start. Default 0. */
  readonly seed?: number | undefined;
}

const TSNE: Fields<TsneOptions> = {
  dimensions: [2, 3],
  perplexity: "may",
  neighbours: "may",
  metric: METRICS,
  nearest: "may",
  exaggeration: "may",
  early: "may",
  rate: "may",
  start: "may",
  seed: "may",
};

/** A map as it goes on. */
export interface LiveMap {
  /** Number of iterations that were taken. */
  readonly iteration: number;
  /** [N, dimensions] */
  readonly places: Points;
}

export interface TsneRunOptions extends LoopOptions {
  /** How many iterations to take. Default 1000. */
  readonly iterations?: number | undefined;
  /** Called with the map a few times a second. The run does not wait for it. */
  readonly onPlaces?: ((map: LiveMap) => void) | undefined;
}

const RUN: Fields<TsneRunOptions> = { ...{ ...LOOP }, iterations: "may", onPlaces: "may" };

/** A map of points that is being made. */
export interface Tsne extends Owner {
  readonly device: GPUDevice;
  /** [N, dimensions], on the device. It may be drawn while the map is made, and dies with it. */
  readonly places: Tensor;
  /** Number of iterations that were taken. */
  readonly iteration: number;
  /**
   * Takes iterations, in submits of about 60 ms. Nothing is read to go on. A run that was stopped leaves the map as it is, and
   * another goes on from there to the same bits.
   * @throws the signal's reason; DeviceLostError; InputError for iterations out of range.
   */
  run(options?: TsneRunOptions): Promise<void>;
  /** Reads the places. @throws VitrineError when they are no numbers any more, as of a rate that is too large. */
  read(): Promise<Points>;
  /** The Kullback-Leibler divergence of the map from the probabilities of pairs, without exaggeration. */
  divergence(): Promise<number>;
}

/** A finished map. */
export interface TsneMap {
  /** [N, dimensions] */
  readonly places: Points;
  /** Kullback-Leibler divergence. */
  readonly divergence: number;
  /** `[N, k]`: neighbours in the space of the points that the map was made from. */
  readonly nearest: Neighbours;
}

/** Time between maps that are shown while somebody watches, in ms. */
const WATCH = 250;
/** Places beyond this have no distances: their squares are no numbers. */
const MOST_PLACE = 1e18;
/** The most iterations of a submit. */
const MOST = 64;

/**
 * A map of points by t-SNE (van der Maaten and Hinton 2008): nearest neighbours attract each other, and all points push each
 * other away. Constants are scikit-learn's; repulsion is exact, of all pairs, where scikit-learn approximates it. Sums are
 * taken in a fixed order: the same points, options and seed give the same bits on the same device.
 *
 * Points that are all identical have no map: they stay at one place, 0, and the divergence says nothing.
 * @param points [N, D]
 * @throws InputError for points that are no numbers or options out of range; VitrineError where the map diverged; the signal's
 * reason, {@link createTsne} keeps the map then; DeviceLostError; OutOfMemoryError.
 * @example
 * const { places, divergence } = await tsne(device, features, { perplexity: 30 });
 * const [x, y] = places.data; // of the first picture
 */
export async function tsne(
  device: GPUDevice,
  points: Points,
  options: TsneOptions & TsneRunOptions = {},
): Promise<TsneMap> {
  assertFields("tsne", options, { ...TSNE, ...RUN });
  const { iterations, signal, onProgress, onPlaces, ...more } = options;
  assertIterations("tsne", iterations);
  const asked = settings("tsne", device, points, more);
  const nearest = await neighboursFor(device, points, asked, signal);
  const map = await createTsne(device, points, { ...more, nearest });
  try {
    await map.run({ iterations, signal, onProgress, onPlaces });
    return { places: await map.read(), divergence: await map.divergence(), nearest };
  } finally {
    map.destroy();
  }
}

/**
 * Makes a map of points ready to run, and to be drawn while it does; see {@link tsne}. The caller destroys it.
 * @throws InputError; DeviceLostError; OutOfMemoryError.
 * @example
 * const map = await createTsne(device, features);
 * const stop = new AbortController();
 * button.onclick = () => stop.abort();
 * await map.run({ signal: stop.signal, onPlaces: ({ places }) => draw(places) }).catch(() => {});
 * const { data } = await map.read(); // where the points were when it was stopped
 * map.destroy();
 */
export async function createTsne(
  device: GPUDevice,
  points: Points,
  options: TsneOptions = {},
): Promise<Tsne> {
  const who = "tsne";
  assertFields(who, options, TSNE);
  const asked = settings(who, device, points, options);
  const { n, dimensions, perplexity, early, exaggeration, rate } = asked;
  const start = startOf(points, asked);
  const nearest = await neighboursFor(device, points, asked);
  const { starts, others, p } = await affinitiesOf(device, nearest, asked.neighbours, perplexity);
  const made = await build(device, who, async ({ tensor, command }) => {
    const numbers = (data: Uint32Array, label: string) =>
      tensor([data.length], { dtype: "u32", data, label: `t-SNE ${label}` });
    const site = {
      y: tensor([n, dimensions], { data: start, label: "t-SNE places", usage: GPUBufferUsage.VERTEX }),
      starts: numbers(starts, "starts"),
      others: numbers(others, "neighbours"),
      p: tensor([p.length], { data: p, label: "t-SNE probabilities" }),
      sums: tensor(repulsionShape(n), { label: "t-SNE sums" }),
      whole: tensor([1], { label: "t-SNE weight" }),
      step: tensor([1], { dtype: "u32", label: "t-SNE step" }),
      g: tensor([n, dimensions], { label: "t-SNE gradient" }),
      velocity: tensor([n, dimensions], { label: "t-SNE velocity" }),
      gains: tensor([n, dimensions], { label: "t-SNE gains" }),
      terms: tensor([n], { label: "t-SNE divergence" }),
    };
    const [repulsion, gradient, move, next, divergence] = await all([
      command(createRepulsion(device, site)),
      command(createTsneGradient(device, { ...site, early, exaggeration })),
      command(createTsneMove(device, { ...site, early, exaggeration, rate })),
      command(createNextStep(device, site.step)),
      command(createTsneDivergence(device, site)),
    ]);
    return { site, iteration: [repulsion, gradient, move, next], measure: [repulsion, divergence] };
  });

  let done = 0;
  const read = async (): Promise<Points> => ({
    data: await readTensor(device, made.site.y),
    shape: [n, dimensions],
  });
  return {
    device,
    places: made.site.y,
    get iteration() {
      return done;
    },
    async run(options = {}) {
      assertFields(who, options, RUN);
      const { iterations = 1000, signal, onProgress, onPlaces } = options;
      assertIterations(who, iterations);
      signal?.throwIfAborted();
      const first = done;
      const end = first + iterations;
      const pace = createPace(device, who, { least: 1, most: MOST, signal });
      let watched = performance.now();
      let shown: Promise<void> = Promise.resolve();
      while (done < end) {
        const count = Math.min(pace.size, end - done);
        const encoder = device.createCommandEncoder({ label: "vitrine t-SNE" });
        for (let i = 0; i < count; i++) recordCommands(encoder, made.iteration);
        device.queue.submit([encoder.finish()]);
        done += count;
        const iteration = done;
        if (onPlaces && (performance.now() - watched > WATCH || done === end)) {
          watched = performance.now();
          const places = read();
          shown = Promise.all([shown, places]).then(([, places]) => onPlaces({ iteration, places }));
          shown.catch(() => {});
        }
        await pace.submitted(count);
        onProgress?.((done - first) / iterations);
      }
      await pace.settled();
      await shown;
    },
    async read() {
      const places = await read();
      if (places.data.every((value) => Math.abs(value) < MOST_PLACE)) return places;
      throw new VitrineError(`${who}: the map has grown beyond all numbers; use a smaller rate than ${rate}`);
    },
    async divergence() {
      const encoder = device.createCommandEncoder({ label: "vitrine t-SNE" });
      recordCommands(encoder, made.measure);
      device.queue.submit([encoder.finish()]);
      const terms = await readTensor(device, made.site.terms);
      return terms.reduce((sum, term) => sum + term, 0);
    },
    destroy: made.destroy,
    [Symbol.dispose]: made.destroy,
  };
}

/** Options with their defaults, checked. */
function settings(who: string, device: GPUDevice, points: Points, options: TsneOptions) {
  assertDevice(who, device);
  const { n } = assertPoints(who, points);
  if (n < 3) throw new InputError(`${who}: expected at least 3 points, got ${n}`);
  const {
    dimensions = 2,
    perplexity = Math.max(1, Math.min(30, (n - 1) / 3)),
    metric,
    exaggeration = 12,
    early = 250,
  } = options;
  const { neighbours = Math.min(n - 1, Math.floor(3 * perplexity + 1)), start = "pca", nearest } = options;
  const { rate = Math.max(n / exaggeration / 4, 50) } = options;
  const range = (name: string, value: number, fits: boolean, expected: string): void => {
    if (!fits) throw new InputError(`${who}: expected ${name} ${expected}, got ${value}`);
  };
  const ofPoints = `of ${n} points`;
  range(
    "a perplexity",
    perplexity,
    perplexity >= 1 && perplexity < n,
    `of at least 1 and below ${n} ${ofPoints}`,
  );
  const enough = Number.isInteger(neighbours) && neighbours >= perplexity && neighbours < n;
  range(
    "neighbours",
    neighbours,
    enough,
    `of at least the perplexity ${perplexity} and below ${n} ${ofPoints}`,
  );
  range("an exaggeration", exaggeration, exaggeration >= 1 && exaggeration <= 1e6, "of 1 to 1e6");
  range("early", early, Number.isSafeInteger(early) && early >= 0, "to be a number of iterations");
  range("a rate", rate, rate > 0 && rate < Number.POSITIVE_INFINITY, "above 0");
  const seed = seedOf(options.seed, who);
  if (typeof start === "string") {
    if (start !== "pca" && start !== "random") {
      throw new InputError(`${who}: expected a start of "pca", "random" or places, got "${start}"`);
    }
  } else {
    const given = assertPoints(who, start, "start");
    if (given.n !== n || given.d !== dimensions) {
      const [got, wanted] = [formatShape(start.shape), formatShape([n, dimensions])];
      throw new InputError(`${who}: expected a start of ${wanted}, got ${got}`);
    }
  }
  if (nearest && !(nearest.shape[0] === n && nearest.shape[1] >= neighbours)) {
    const got = formatShape(nearest.shape);
    throw new InputError(
      `${who}: expected nearest of ${n} points, at least ${neighbours} of each, got ${got}`,
    );
  }
  return { n, dimensions, perplexity, neighbours, metric, nearest, exaggeration, early, rate, start, seed };
}

type Settings = ReturnType<typeof settings>;

function assertIterations(who: string, iterations: number | undefined): void {
  if (iterations === undefined || (Number.isSafeInteger(iterations) && iterations >= 1)) return;
  throw new InputError(`${who}: expected at least 1 iteration, got ${iterations}`);
}

async function neighboursFor(
  device: GPUDevice,
  points: Points,
  { nearest, neighbours, metric }: Settings,
  signal?: AbortSignal,
): Promise<Neighbours> {
  return nearest ?? nearestNeighbours(device, points, { k: neighbours, metric, signal });
}

function startOf(points: Points, { n, dimensions, start, seed }: Settings): Float32Array {
  if (typeof start !== "string") return start.data;
  if (start === "random") {
    const draws = new Draws(seed, 0);
    const normal = () => Math.sqrt(-2 * Math.log(draws.unit())) * Math.cos(2 * Math.PI * draws.unit());
    return Float32Array.from({ length: n * dimensions }, () => 1e-4 * normal());
  }
  const components = Math.min(dimensions, points.shape[1] ?? 1);
  const { scores, variances } = pca(points, { components });
  const deviation = Math.sqrt(((variances[0] ?? 0) * (n - 1)) / n);
  const places = new Float32Array(n * dimensions);
  if (deviation === 0) return places;
  for (let i = 0; i < n * components; i++) {
    const place = Math.floor(i / components) * dimensions + (i % components);
    places[place] = ((scores.data[i] ?? 0) / deviation) * 1e-4;
  }
  return places;
}

/** What the distances of the first k neighbours of each point say of pairs. */
export function affinitiesOf(
  device: GPUDevice,
  nearest: Neighbours,
  k: number,
  perplexity: number,
): Promise<Affinities> {
  const [n, there] = nearest.shape;
  const indices = new Uint32Array(n * k);
  const squared = new Float32Array(n * k);
  // Relative to the largest, no square overflows; probabilities do not hang on the unit.
  const most = nearest.distances.reduce((a, b) => Math.max(a, b), 0) || 1;
  for (let i = 0; i < n * k; i++) {
    const at = Math.floor(i / k) * there + (i % k);
    indices[i] = nearest.indices[at] ?? 0;
    squared[i] = ((nearest.distances[at] ?? 0) / most) ** 2;
  }
  return withScope(device, "t-SNE probabilities", async ({ tensor, command }) => {
    const p = tensor([n, k], { label: "conditional probabilities" });
    const site = { squared: tensor([n, k], { data: squared, label: "squared distances" }), p, perplexity };
    const affinities = await command(createAffinities(device, site));
    const encoder = device.createCommandEncoder({ label: "vitrine t-SNE" });
    recordCommands(encoder, [affinities]);
    device.queue.submit([encoder.finish()]);
    return jointAffinities(indices, await readTensor(device, p), n);
  });
}
