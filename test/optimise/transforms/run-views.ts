import { recordCommands } from "../../../src/gpu/command.ts";
import { withScope } from "../../../src/gpu/scope.ts";
import { readTensors } from "../../../src/gpu/tensor.ts";
import type { Size, Transform } from "../../../src/optimise/transforms/transform.ts";
import { createViews } from "../../../src/optimise/transforms/views.ts";
import { testDevice } from "../../gpu.ts";

/** An array of pictures [n, h, w, c] on the CPU. */
export interface Pictures {
  readonly shape: readonly [n: number, h: number, w: number, c: number];
  readonly data: Float32Array;
}

export interface ViewsRun {
  /** Size of the network's input. Default: what the transforms make. */
  readonly network?: Size;
  readonly views?: number;
  readonly step?: number;
  readonly seed?: number;
  readonly numbers?: readonly number[];
  readonly scale?: readonly number[];
  readonly offset?: readonly number[];
  /** Gradient to the network's input. Default 0. */
  readonly dy?: (size: number) => Float32Array;
}

/** The views of pictures, and the gradient to the pictures. */
export async function runViews(x: Pictures, transforms: readonly Transform[], run: ViewsRun = {}) {
  const device = await testDevice();
  const [images, h, w, channels] = x.shape;
  const { views = 1, step = 0, seed = 0, network, scale, offset } = run;
  const numbers = run.numbers ?? Array.from({ length: images }, (_, n) => n);
  let size: Size = [h, w];
  for (const transform of transforms) size = transform.sizeOf(size, network ?? size);
  const [height, width] = network ?? size;
  const shape = [images * views, height, width, channels] as const;
  const dy = run.dy?.(shape.reduce((a, b) => a * b)) ?? new Float32Array(shape.reduce((a, b) => a * b));
  return withScope(device, "views test", async ({ tensor, command }) => {
    const pixels = tensor(x.shape, { data: x.data });
    const pixelGradient = tensor(x.shape, { data: x.data.map(() => Number.NaN) });
    const input = tensor(shape);
    const inputGradient = tensor(shape, { data: dy });
    const made = await command(
      createViews(device, {
        ...{ pixels, pixelGradient, input, inputGradient, transforms, views, seed, scale, offset },
        numbers: tensor([images], { dtype: "u32", data: Uint32Array.from(numbers) }),
        step: tensor([1], { dtype: "u32", data: Uint32Array.of(step) }),
      }),
    );
    const encoder = device.createCommandEncoder();
    recordCommands(encoder, [made.forward]);
    recordCommands(encoder, [made.backward]);
    device.queue.submit([encoder.finish()]);
    const [y, dx] = await readTensors(device, [input, pixelGradient]);
    return { y: { shape, data: y as Float32Array }, dx: dx as Float32Array, sizes: made.sizes };
  });
}

/** Numbers of −1…1 that look random, the same for the same seed. */
export function scattered(size: number, seed: number): Float32Array {
  return Float32Array.from(
    { length: size },
    (_, i) => (Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453) % 1,
  );
}
