import { recordCommands } from "../../gpu/command.ts";
import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import { withScope } from "../../gpu/scope.ts";
import { readTensor, sizeOf } from "../../gpu/tensor.ts";
import { strongestOf } from "../../graph/classes.ts";
import type { Head } from "../../graph/heads.ts";
import { type Picture, readInput } from "../../images/picture.ts";
import type { Pixels } from "../../images/pixels.ts";
import { deprocess, inputShape } from "../../images/preprocess.ts";
import { createChannelScale } from "../../kernels/attack.ts";
import type { Network } from "../../network/network.ts";
import { Networks } from "../../network/pool.ts";
import { runSteps } from "../../sampling/batches.ts";
import { assertPictures } from "../answer.ts";
import { assertAnswer } from "../answer-checks.ts";
import { predictionsOf } from "../predict.ts";
import { submit } from "../submit.ts";
import type { Attack, AttackSite, AttackTechnique } from "./attack.ts";
import { assertGoals, classOfEach, type Goal, headUnderAttack, reaches } from "./goal.ts";
import { type AttackOptions, COMMON } from "./options.ts";

/** The most pictures that are attacked at a time. */
const MOST = 32;
/** How much stronger a difference is drawn. */
const STRONGER = 10;

/** @throws InputError when that is no pool of networks. */
export function assertPool(who: string, networks: unknown): void {
  if (networks instanceof Networks) return;
  throw new InputError(`${who}: expected networks as createNetworks makes them, got ${describe(networks)}`);
}

/** Attacks pictures by a technique, as many at a time as there is room for. */
export async function attackPictures(
  networks: Networks,
  pictures: Iterable<Picture>,
  options: AttackOptions,
  technique: Omit<AttackTechnique, "run">,
): Promise<Attack[]> {
  const who = technique.name;
  assertPool(who, networks);
  const fields = Object.fromEntries(Object.keys(technique.options).map((name) => [name, "may"]));
  assertFields(who, options, { ...COMMON, ...fields } as Fields<AttackOptions>);
  assertPictures(who, pictures);
  if (technique.untargetedOnly && options.target !== undefined) {
    throw new UnsupportedError(
      `${who}: expected no target, as it goes to the nearest boundary whatever is behind it; "pgd" or "carlini-wagner" take one`,
    );
  }
  technique.check(options);
  const { graph } = networks;
  const head = headUnderAttack(who, graph, options.output);
  const originals: Pixels[] = [];
  for (const picture of pictures) {
    originals.push(deprocess(await readInput(graph, picture), graph));
    options.signal?.throwIfAborted();
  }
  if (originals.length === 0) throw new InputError(`${who}: expected at least one picture, got none`);
  const labels = classOfEach(who, "label", options.label, head, originals.length);
  const targets = classOfEach(who, "target", options.target, head, originals.length);
  assertGoals(who, head, labels, targets);
  const ofNetwork = { keep: [], gradients: true };
  const batch = Math.min(
    originals.length,
    networks.batchWithin({ ...ofNetwork, most: Math.min(MOST, originals.length) }),
  );
  const network = await networks.temporary({ ...ofNetwork, batch });
  try {
    const attacks: Attack[] = [];
    for (let first = 0; first < originals.length; first += batch) {
      const places = Array.from({ length: Math.min(batch, originals.length - first) }, (_, i) => first + i);
      const { signal, inputs = {} } = options;
      const part = (fraction: number): void =>
        options.onProgress?.((first + fraction * places.length) / originals.length);
      const found = await network.inTurn(
        (turn) =>
          attackBatch(
            turn,
            technique,
            { ...options, onProgress: part },
            {
              head,
              numbers: places,
              originals: places.map((place) => originals[place] as Pixels),
              asked: places.map((place) => ({ label: labels[place], target: targets[place] })),
            },
          ),
        { signal, inputs },
      );
      attacks.push(...found);
    }
    return attacks;
  } finally {
    network.destroy();
  }
}

interface Batch {
  readonly head: Head;
  readonly numbers: readonly number[];
  readonly originals: readonly Pixels[];
  readonly asked: readonly { readonly label: number | undefined; readonly target: number | undefined }[];
}

function attackBatch(
  network: Network,
  technique: Omit<AttackTechnique, "run">,
  options: AttackOptions,
  { head, numbers, originals, asked }: Batch,
): Promise<Attack[]> {
  const { device, graph, batch } = network;
  const { name: who } = technique;
  const shape = inputShape(graph);
  const channels = shape[2];
  return withScope(device, who, async (scope) => {
    const { tensor, command } = scope;
    // A batch that is not full is filled up by its first picture, whose result counts once.
    const all = Array.from({ length: batch }, (_, n) => (n < originals.length ? n : 0));
    const values = new Float32Array(batch * sizeOf(shape));
    for (const [n, place] of all.entries()) {
      values.set(unitOf(originals[place] as Pixels, channels), n * sizeOf(shape));
    }
    const full = [batch, ...shape];
    const x0 = tensor(full, { data: values, label: "pictures" });
    const x = tensor(full, { data: values, label: "attacked pictures" });
    const gradient = tensor(full, { label: "gradient to the pictures" });
    const losses = tensor([batch, 2], { label: "losses" });
    const { range, mean, std } = graph.preprocessing;
    const each = (of: (c: number) => number): Float32Array =>
      Float32Array.from({ length: channels }, (_, c) => of(c));
    const scale = tensor([channels], { data: each((c) => 255 / range / (std[c] ?? 1)), label: "scale" });
    const offset = tensor([channels], {
      data: each((c) => -(mean[c] ?? 0) / (std[c] ?? 1)),
      label: "offset",
    });
    const none = tensor([channels], { label: "no offset" });
    const { input } = network;
    const dx = network.gradient(inputNameOf(network));
    const [prepare, back] = await Promise.all([
      command(createChannelScale(device, { x, scale, offset, y: input })),
      command(createChannelScale(device, { x: dx, scale, offset: none, y: gradient })),
    ]);
    const recordForward = (encoder: GPUCommandEncoder): void => {
      recordCommands(encoder, [prepare]);
      network.forward(encoder, { to: head.logits });
    };
    const logits = network.activation(head.logits);
    const scoresNow = async (): Promise<Float32Array[]> => {
      submit(network, recordForward);
      const scores = await readTensor(device, logits);
      options.signal?.throwIfAborted();
      await assertAnswer(network, scores as Float32Array, "its scores");
      const one = scores.length / batch;
      return all.map((_, n) => scores.slice(n * one, (n + 1) * one) as Float32Array);
    };
    await scope.settled();
    const before = await scoresNow();
    const goals = all.map((place, n): Goal => {
      const { label, target } = asked[place] ?? {};
      return {
        label: label ?? strongestOf(head, before[n] as Float32Array),
        ...(target === undefined ? {} : { target }),
      };
    });
    const site: AttackSite = {
      ...{ who, network, scope, head, goals, scores: before, x0, x, losses, gradient, recordForward },
      numbers: all.map((place) => numbers[place] ?? 0),
      recordBackward(encoder) {
        network.backward(encoder, { layer: head.logits, gradient: network.gradient(head.logits) });
        recordCommands(encoder, [back]);
      },
      loop(steps, record, from = 0, of = steps) {
        const { signal } = options;
        const onProgress = (fraction: number) => options.onProgress?.((from + fraction * steps) / of);
        return runSteps(network, steps, { signal, onProgress }, (step) => {
          submit(network, (encoder) => record(encoder, from + step));
          return undefined;
        });
      },
    };
    const { pixels, steps } = await technique.find(site, options);
    const bad = pixels.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) await assertAnswer(network, pixels, "the attacked picture");
    // What is claimed is what a picture of 8 bits does.
    const unrounded = await scoresOf(pixels);
    const rounded = originals.map((original, n) =>
      rounding(pixels.subarray(n * sizeOf(shape), (n + 1) * sizeOf(shape)), original, channels),
    );
    const unit = new Float32Array(values.length);
    for (const [n, place] of all.entries())
      unit.set(unitOf(rounded[place] as Pixels, channels), n * sizeOf(shape));
    const after = await scoresOf(unit);
    return originals.map((original, n): Attack => {
      const goal = goals[n] as Goal;
      const picture = rounded[n] as Pixels;
      const [first, last] = [before[n] as Float32Array, after[n] as Float32Array];
      const succeeded = reaches(head, last, goal);
      const notes = notesOf(
        reaches(head, first, goal),
        succeeded,
        reaches(head, unrounded[n] as Float32Array, goal),
      );
      return {
        ...{ technique: who, original, picture, succeeded, ...goal },
        difference: differenceOf(original, picture),
        before: predictionOf(head, first),
        after: predictionOf(head, last),
        ...normsOf(original, picture, channels),
        steps: steps[n] ?? 0,
        ...(notes.length > 0 ? { notes } : {}),
      };
    });

    function scoresOf(pixels: Float32Array): Promise<Float32Array[]> {
      device.queue.writeBuffer(x.buffer, 0, pixels as Float32Array<ArrayBuffer>);
      return scoresNow();
    }
  });
}

function inputNameOf({ graph }: Network): string {
  const { name } = graph.layers.find(({ op }) => op === "input") ?? { name: "" };
  return name;
}

/** A picture of 8 bits as values of 0…1, [H, W, C]; a network of one channel gets the grey. */
export function unitOf({ data }: Pixels, channels: number): Float32Array {
  const every = 3 / channels;
  return Float32Array.from({ length: data.length / every }, (_, i) => (data[i * every] ?? 0) / 255);
}

/** Values of 0…1, [H, W, C], rounded to 8 bits. */
export function rounding(
  values: Float32Array,
  { width, height }: Pick<Pixels, "width" | "height">,
  channels: number,
): Pixels {
  const data = new Uint8ClampedArray(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = 255 * (values[channels === 1 ? Math.floor(i / 3) : i] ?? 0);
  return { width, height, data };
}

/** The difference of two pictures, ten times as strong, around a middle grey. */
function differenceOf({ data: from }: Pixels, { width, height, data: to }: Pixels): Pixels {
  const data = new Uint8ClampedArray(to.length);
  for (let i = 0; i < data.length; i++) data[i] = 128 + STRONGER * ((to[i] ?? 0) - (from[i] ?? 0));
  return { width, height, data };
}

function normsOf(
  { data: from }: Pixels,
  { data: to }: Pixels,
  channels: number,
): Pick<Attack, "linf" | "l2"> {
  let [most, squares] = [0, 0];
  for (let i = 0; i < to.length; i += 3 / channels) {
    const delta = (to[i] ?? 0) - (from[i] ?? 0);
    most = Math.max(most, Math.abs(delta));
    squares += delta * delta;
  }
  return { linf: most, l2: Math.sqrt(squares) };
}

function predictionOf(head: Head, scores: Float32Array) {
  const [best] = predictionsOf(head, scores);
  if (!best) throw new InputError(`output "${head.name}": expected a class, got none`);
  return best;
}

function notesOf(already: boolean, succeeded: boolean, unrounded: boolean): string[] {
  const notes: string[] = [];
  if (already) notes.push("The network said what was wanted before the attack.");
  if (!succeeded && unrounded) {
    notes.push(
      "The goal was reached, but rounding to 8 bits undid it; a larger overshoot, confidence or epsilon helps.",
    );
  }
  return notes;
}
