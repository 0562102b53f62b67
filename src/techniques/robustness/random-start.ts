import { InputError } from "../../gpu/errors.ts";
import { describe } from "../../gpu/options.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import { hash32 } from "../../kernels/masking.ts";
import { seedOf } from "../../sampling/seed.ts";
import type { AttackSite } from "./attack.ts";
import type { AttackOptions } from "./options.ts";

interface Ball {
  readonly l2: boolean;
  readonly epsilon: number;
}

/**
 * Writes where an attack begins to `x`: a random place within the ball around each picture, drawn by (seed, number of the picture,
 * element) and cut off at 0 and 1; the pictures themselves; or what the caller gives.
 * @throws InputError for starts of another number or size.
 */
export async function writeStart(
  { who, network, x0, x, numbers, scope }: AttackSite,
  { start, seed }: Pick<AttackOptions, "start" | "seed">,
  pictures: Float32Array,
  ball: Ball,
): Promise<void> {
  await scope.settled();
  const size = sizeOf(x0.shape.slice(1));
  const values = pictures.slice();
  if (start === "picture") return;
  for (const [n, number] of numbers.entries()) {
    const own = values.subarray(n * size, (n + 1) * size);
    if (Array.isArray(start)) own.set(givenStart(who, start as readonly Float32Array[], number, size));
    else addNoise(own, seedOf(seed, who), number, ball);
  }
  network.device.queue.writeBuffer(x.buffer, 0, values as Float32Array<ArrayBuffer>);
}

/** @throws InputError when what is given is nowhere to begin. */
export function assertStart(who: string, { start, seed }: Pick<AttackOptions, "start" | "seed">): void {
  seedOf(seed, who);
  if (start === undefined || start === "random" || start === "picture" || Array.isArray(start)) return;
  throw new InputError(
    `${who}: expected start of "random", "picture", or values of 0 to 1 for each picture, got ${describe(start)}`,
  );
}

function givenStart(
  who: string,
  starts: readonly Float32Array[],
  number: number,
  size: number,
): Float32Array {
  const start = starts[number];
  if (!(start instanceof Float32Array) || start.length !== size) {
    throw new InputError(
      `${who}: expected ${size} values to start picture ${number} from, got ${start instanceof Float32Array ? start.length : describe(start)}`,
    );
  }
  if (!start.every((value) => value >= 0 && value <= 1)) {
    throw new InputError(`${who}: expected values of 0 to 1 to start picture ${number} from`);
  }
  return start;
}

/** Adds noise of the ball to a picture: each element uniform, or a random direction with a uniform length. */
function addNoise(x: Float32Array, seed: number, number: number, { l2, epsilon }: Ball): void {
  const drawn = (element: number): number =>
    symmetric(hash32(hash32(element) ^ hash32(number ^ hash32(seed))));
  const noise = Float64Array.from(x, (_, i) => drawn(i));
  const length = Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0));
  const scale = l2 ? (epsilon * Math.abs(drawn(x.length))) / length : epsilon;
  for (let i = 0; i < x.length; i++) x[i] = Math.min(1, Math.max(0, (x[i] ?? 0) + scale * (noise[i] ?? 0)));
}

/** A number in (−1, 1) of 32 random bits, as blocks/random.wgsl has it. */
function symmetric(bits: number): number {
  return (2 * (bits >>> 8) + 1 - 2 ** 24) / 2 ** 24;
}
