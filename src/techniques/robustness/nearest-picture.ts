import { recordCommands } from "../../gpu/command.ts";
import { withScope } from "../../gpu/scope.ts";
import { readTensors, sizeOf } from "../../gpu/tensor.ts";
import { createNextStep } from "../../kernels/ascent.ts";
import { createBoxImage, createNearAttack } from "../../kernels/attack.ts";
import type { Optimiser } from "../../optimise/optimisers/optimiser.ts";
import type { AttackSite, Found } from "./attack.ts";
import { createLossPass, type LossOptions } from "./loss.ts";

export interface NearestOptions {
  readonly optimiser: Optimiser;
  readonly loss: LossOptions;
  /** The first weight of the loss beside the squared distance. */
  readonly constant: number;
  /** Number of weights that are tried, and steps of each. */
  readonly searches: number;
  readonly steps: number;
  /** How far beyond the goal a picture must be to count. */
  readonly beyond?: number | undefined;
}

/** Keeps pixels that are black or white where tanh still moves, as Carlini and Wagner's code does. */
const WITHIN = 0.999999;

/** A distance that every picture is nearer than. */
const FAR = 3e38;

/**
 * Finds the nearest pictures that reach their goals: climbs c·loss − ‖x − x₀‖², where x = (tanh(w) + 1)/2 keeps the pixels within 0…1,
 * for several weights c. A picture's weight grows tenfold until it reaches its goal, then lies halfway between the least that
 * did and the greatest that did not. Of each search its nearest picture is read back, and no more.
 */
export async function nearestPictures(site: AttackSite, options: NearestOptions): Promise<Found> {
  const { network, x0, x, gradient: g, losses, goals, scope } = site;
  const { device } = network;
  const { optimiser, searches, steps, beyond = 0 } = options;
  const size = sizeOf(x0.shape.slice(1));
  const count = goals.length;
  const pass = await createLossPass(site, options.loss);
  const { tensor, command } = scope;
  const w = tensor([count, size], { label: "parameters" });
  const slope = tensor([count, size], { label: "gradient to the parameters" });
  const objective = tensor([count], { label: "objective" });
  const weights = tensor([count, 2], { label: "weights" });
  const best = tensor([count, size + 1], { label: "nearest pictures" });
  const step = tensor([1], { dtype: "u32", label: "step" });
  const draw = await command(createBoxImage(device, { w, x }));
  const near = await command(
    createNearAttack(device, { x0, x, g, weights, losses, objective, gradient: slope, best }),
  );
  const next = await command(createNextStep(device, step));
  await scope.settled();
  const [pictures = new Float32Array()] = await readTensors(device, [x0]);
  const start = (pictures as Float32Array).map((value) => Math.atanh((2 * value - 1) * WITHIN));
  const found = { pixels: (pictures as Float32Array).slice(), distances: new Float32Array(count).fill(FAR) };
  const tried = goals.map(() => ({ c: options.constant, low: 0, high: Number.POSITIVE_INFINITY }));

  for (let search = 0; search < searches; search++) {
    const { queue } = device;
    queue.writeBuffer(w.buffer, 0, start as Float32Array<ArrayBuffer>);
    queue.writeBuffer(weights.buffer, 0, Float32Array.from(tried.flatMap(({ c }) => [c, beyond])));
    queue.writeBuffer(step.buffer, 0, new Uint32Array(1));
    for (let n = 0; n < count; n++) {
      queue.writeBuffer(best.buffer, 4 * ((n + 1) * (size + 1) - 1), new Float32Array([FAR]));
    }
    const [last, nearest] = await withScope(device, site.who, async (own) => {
      const { update } = await own.command(
        optimiser.create({ device, parameters: w, gradient: slope, values: objective, step }),
      );
      await own.settled();
      const record = (encoder: GPUCommandEncoder, at: number): void => {
        recordCommands(encoder, [draw]);
        pass(encoder);
        recordCommands(encoder, [near, update(at - search * steps), next]);
      };
      await site.loop(steps, record, search * steps, searches * steps);
      return readTensors(device, [x, best]);
    });
    for (const [n, one] of tried.entries()) {
      const own = (nearest as Float32Array).subarray(n * (size + 1), (n + 1) * (size + 1));
      const distance = own[size] ?? FAR;
      const reached = distance < FAR;
      if (reached && distance < (found.distances[n] ?? FAR)) {
        found.pixels.set(own.subarray(0, size), n * size);
        found.distances[n] = distance;
      } else if ((found.distances[n] ?? FAR) === FAR) {
        // What failed is shown, too.
        found.pixels.set((last as Float32Array).subarray(n * size, (n + 1) * size), n * size);
      }
      if (reached) one.high = Math.min(one.high, one.c);
      else one.low = Math.max(one.low, one.c);
      one.c = one.high === Number.POSITIVE_INFINITY ? 10 * one.c : (one.low + one.high) / 2;
    }
  }
  return { pixels: found.pixels, steps: goals.map(() => searches * steps) };
}
