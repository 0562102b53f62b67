import type * as tfjs from "@tensorflow/tfjs";
import { shapesOf } from "../../src/graph.ts";
import type { Graph } from "../../src/index.ts";
import { tfjsGraph } from "../peers/tfjs-graph.ts";

type Tf = typeof tfjs;

/** Something that climbs on tfjs, a step at a time, everything resident. */
export interface TfjsAscent {
  /** Takes a step. What it returns is the image's parameters, to be disposed of. */
  readonly step: () => tfjs.Tensor;
  /** The pixels as they are, [N, H, W, C]. */
  readonly pixels: () => tfjs.Tensor;
  readonly dispose: () => void;
}

/** What Lucid's recipe needs to be written down. */
export interface Visualised {
  readonly graph: Graph;
  readonly layer: string;
  readonly channel: number;
  readonly batch: number;
  /** [N, H, ⌊W/2⌋ + 1, C, 2] */
  readonly spectrum: Float32Array;
  readonly rate: number;
  readonly pad: number;
  /** Pixels that are cut off, and where: [down, across]. */
  readonly jitters: readonly (readonly [by: number, offset: readonly [number, number]])[];
}

const COLORS = [
  [0.26, 0.09, 0.02],
  [0.27, 0, -0.05],
  [0.27, -0.09, 0.03],
];
const LONGEST = Math.hypot(0.26, 0.27, 0.27);

/**
 * Feature visualisation as Lucid has it. tfjs has Fourier transforms, but no gradients of them, and its own are sums over a line as
 * well: they are written as matrix products, which it is good at.
 */
export function tfjsVisualisation(tf: Tf, site: Visualised): TfjsAscent {
  const { graph, layer, channel, batch, spectrum, rate, pad, jitters } = site;
  const [, h = 1, w = 1, channels = 1] = shapesOf(graph).get(graph.layers[0]?.name ?? "") ?? [];
  const half = Math.floor(w / 2) + 1;
  const { apply, dispose } = tfjsGraph(tf, graph, "gradient");
  const matrices = fourierMatrices(tf, h, w);
  const colors = tf.tensor(
    COLORS.flatMap((_, k) => COLORS.map((row) => (row[k] ?? 0) / LONGEST)),
    [3, 3],
  );
  // Parts above each other, so that the columns' transform is one product: [N·C, 2·H, ⌊W/2⌋ + 1].
  const z = tf.tidy(() =>
    tf.variable(
      tf.reshape(tf.transpose(tf.tensor(spectrum, [batch, h, half, channels, 2]), [0, 3, 4, 1, 2]), [
        batch * channels,
        2 * h,
        half,
      ]),
    ),
  );
  const draw = (): tfjs.Tensor => {
    const columns = tf.matMul(matrices.columns, tf.mul(z, matrices.scale));
    const [re, im] = tf.split(columns, 2, 1);
    if (!re || !im) throw new Error("tfjs: expected two halves");
    const t = tf.add(tf.matMul(re, matrices.re), tf.matMul(im, matrices.im));
    const rgb = tf.transpose(tf.reshape(t, [batch, channels, h, w]), [0, 2, 3, 1]);
    return tf.sigmoid(tf.reshape(tf.matMul(tf.reshape(rgb, [-1, 3]), colors), [batch, h, w, channels]));
  };
  const { range, mean, std } = graph.preprocessing;
  const [means, factors] = [
    tf.tensor(Array.from({ length: channels }, (_, c) => ((mean[c] ?? 0) * range) / 255)),
    tf.tensor(Array.from({ length: channels }, (_, c) => 255 / range / (std[c] ?? 1))),
  ];
  const loss = (): tfjs.Scalar => {
    let x = tf.pad(
      draw(),
      [
        [0, 0],
        [pad, pad],
        [pad, pad],
        [0, 0],
      ],
      0.5,
    );
    for (const [by, [down, across]] of jitters) {
      const [, height = 1, width = 1] = x.shape;
      x = tf.slice(x, [0, down, across, 0], [batch, height - by, width - by, channels]);
    }
    const a = apply(tf.mul(tf.sub(x, means), factors), layer);
    const [, y = 1, u = 1] = a.shape;
    return tf.div(tf.sum(tf.slice(a, [0, 0, 0, channel], [batch, y, u, 1])), -(y * u));
  };
  const adam = tf.train.adam(rate, 0.9, 0.999, 1e-8);
  return {
    step() {
      adam.minimize(loss, false, [z]);
      return z.clone();
    },
    pixels: () => tf.tidy(draw),
    dispose() {
      dispose();
      adam.dispose();
      tf.dispose([z, colors, means, factors, ...Object.values(matrices)]);
    },
  };
}

/** The inverse transform of spectra [2·H, ⌊W/2⌋ + 1], scaled by frequency as Lucid does, as matrices. */
function fourierMatrices(tf: Tf, h: number, w: number) {
  const half = Math.floor(w / 2) + 1;
  const size = Math.sqrt(h * w);
  const lowest = 1 / Math.max(h, w);
  const fill = (rows: number, columns: number, of: (row: number, column: number) => number): tfjs.Tensor =>
    tf.tensor(
      Float32Array.from({ length: rows * columns }, (_, i) => of(Math.floor(i / columns), i % columns)),
      [rows, columns],
    );
  const turn = (y: number, k: number): number => (2 * Math.PI * ((y * k) % h)) / h;
  const across = (k: number, x: number): number => (2 * Math.PI * ((k * x) % w)) / w;
  const twice = (k: number): number => (k === 0 || 2 * k === w ? 1 : 2);
  return {
    columns: fill(2 * h, 2 * h, (y, k) => {
      const angle = turn(y % h, k % h);
      if (y < h === k < h) return Math.cos(angle);
      return y < h ? -Math.sin(angle) : Math.sin(angle);
    }),
    re: fill(half, w, (k, x) => (twice(k) * Math.cos(across(k, x))) / (h * w)),
    im: fill(half, w, (k, x) => (-twice(k) * Math.sin(across(k, x))) / (h * w)),
    scale: fill(2 * h, half, (row, k) => {
      const y = row % h;
      const f = Math.hypot(Math.min(y, h - y) / h, k / w);
      return size / Math.max(f, lowest) / 4;
    }),
  };
}

/** A picture between a content and a style. */
export interface Styled {
  readonly graph: Graph;
  /** [H, W, C], as the network takes it. */
  readonly start: Float32Array;
  readonly styles: readonly {
    readonly layer: string;
    readonly gram: Float32Array;
    readonly weight: number;
  }[];
  readonly content: { readonly layer: string; readonly activation: Float32Array; readonly weight: number };
  readonly variation: number;
  readonly history: number;
  /** Shares of its direction that the first step goes, and the others. */
  readonly rates: readonly [first: number, rest: number];
}

/**
 * Neural style with L-BFGS as torch.optim has it, written on tfjs: nothing is read back. A pair is always kept, where torch looks
 * whether yᵀs > 1e-10.
 */
export function tfjsStyle(tf: Tf, site: Styled): TfjsAscent {
  const { graph, start, styles, content, variation, history, rates } = site;
  const shapes = shapesOf(graph);
  const shape = [...(shapes.get(graph.layers[0]?.name ?? "") ?? [])];
  const [, h = 1, w = 1, c = 1] = shape;
  const { outputs, dispose } = tfjsGraph(tf, graph, "gradient");
  const names = [...styles.map(({ layer }) => layer), content.layer];
  const grams = styles.map(({ gram }) => {
    const side = Math.sqrt(gram.length);
    return tf.tensor(gram, [side, side]);
  });
  const wanted = tf.tensor(content.activation, [...(shapes.get(content.layer) ?? [])]);
  const loss = (image: tfjs.Tensor): tfjs.Tensor => {
    const found = outputs(image, names);
    const terms = styles.map(({ weight }, n) => {
      const a = found[n] as tfjs.Tensor;
      const [, y = 1, x = 1, channels = 1] = a.shape;
      const rows = tf.reshape(a, [y * x, channels]);
      const gram = tf.div(tf.matMul(rows, rows, true), y * x * channels);
      return tf.mul(tf.sum(tf.squaredDifference(gram, grams[n] as tfjs.Tensor)), weight);
    });
    const deep = found.at(-1) as tfjs.Tensor;
    terms.push(tf.mul(tf.mean(tf.squaredDifference(deep, wanted)), content.weight));
    const part = (y: number, x: number, height: number, width: number): tfjs.Tensor =>
      tf.slice(image, [0, y, x, 0], [1, height, width, c]);
    const down = tf.sum(tf.squaredDifference(part(1, 0, h - 1, w), part(0, 0, h - 1, w)));
    const across = tf.sum(tf.squaredDifference(part(0, 1, h, w - 1), part(0, 0, h, w - 1)));
    terms.push(tf.mul(tf.add(down, across), variation));
    return tf.addN(terms);
  };
  const gradient = tf.grad(loss);
  const dot = (a: tfjs.Tensor, b: tfjs.Tensor): tfjs.Tensor => tf.sum(tf.mul(a, b));
  const image = tf.tidy(() => tf.variable(tf.tensor(start, shape)));
  let last: { readonly g: tfjs.Tensor; readonly move: tfjs.Tensor } | undefined;
  let scale: tfjs.Tensor | undefined;
  const pairs: { readonly s: tfjs.Tensor; readonly y: tfjs.Tensor; readonly rho: tfjs.Tensor }[] = [];
  return {
    step() {
      const [g, move] = tf.tidy((): tfjs.Tensor[] => {
        const g = gradient(image);
        if (!last) return [g, tf.mul(g, tf.mul(-rates[0], tf.minimum(1, tf.div(1, tf.sum(tf.abs(g))))))];
        const y = tf.sub(g, last.g);
        const ys = dot(y, last.move);
        pairs.push({ s: last.move, y: tf.keep(y), rho: tf.keep(tf.div(1, ys)) });
        scale?.dispose();
        scale = tf.keep(tf.div(ys, dot(y, y)));
        let q = tf.neg(g);
        const alphas = new Map<number, tfjs.Tensor>();
        for (let n = pairs.length - 1; n >= 0; n--) {
          const { s, y, rho } = pairs[n] as (typeof pairs)[number];
          const alpha = tf.mul(rho, dot(s, q));
          alphas.set(n, alpha);
          q = tf.sub(q, tf.mul(alpha, y));
        }
        q = tf.mul(q, scale);
        for (const [n, { s, y, rho }] of pairs.entries()) {
          q = tf.add(q, tf.mul(tf.sub(alphas.get(n) as tfjs.Tensor, tf.mul(rho, dot(y, q))), s));
        }
        return [g, tf.mul(q, rates[1])];
      });
      if (!g || !move) throw new Error("tfjs: expected a gradient and a move");
      tf.tidy(() => image.assign(tf.add(image, move)));
      last?.g.dispose();
      last = { g: tf.keep(g), move: tf.keep(move) };
      // The newest move becomes a pair in the next step.
      if (pairs.length === history) tf.dispose(Object.values(pairs.shift() ?? {}));
      return image.clone();
    },
    pixels: () => image.clone(),
    dispose() {
      dispose();
      scale?.dispose();
      tf.dispose([image, wanted, ...grams, ...pairs.flatMap((pair) => Object.values(pair))]);
      if (last) tf.dispose([last.g, last.move]);
    },
  };
}
