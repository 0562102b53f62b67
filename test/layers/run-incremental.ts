import { expect } from "vitest";
import type { Command } from "../../src/gpu/command.ts";
import { createTensor, readTensor, sizeOf, type Tensor } from "../../src/gpu/tensor.ts";
import type { DirtyRectangles, PartialLayer } from "../../src/layers/incremental.ts";
import type { Constant, Tensors } from "../../src/layers/op.ts";
import { numbers } from "../reference/numbers.ts";
import { submitTo } from "./run.ts";

/** Rows and columns that a patch changes. */
export type Rectangle = readonly [top: number, left: number, height: number, width: number];

/** A layer [1, H, W, C] of which each patch changes a rectangle. */
export interface Patched {
  readonly shape: readonly [number, number, number, number];
  /** Sizes of its axes of channels, where it has several. */
  readonly channelAxes?: readonly number[];
  readonly rectangles: readonly Rectangle[];
}

const area = ([, , height, width]: Rectangle): number => height * width;

/** Pixels of a rectangle, row by row. */
export function pixelsOf([top, left, height, width]: Rectangle): [row: number, column: number][] {
  return Array.from({ length: height * width }, (_, i) => [top + Math.floor(i / width), left + (i % width)]);
}

/** The layer for the clean image, and for each patch as a whole: other numbers inside of its rectangle. */
export interface Images {
  readonly clean: Float32Array;
  readonly whole: readonly Float32Array[];
  readonly changed: readonly Float32Array[];
}

export function imagesOf({ shape, rectangles }: Patched, seed: number): Images {
  const [, , width, channels] = shape;
  const clean = numbers(sizeOf(shape), seed).map((v) => 3 * v);
  const changed = rectangles.map((rectangle, patch) =>
    numbers(area(rectangle) * channels, 20 * seed + patch).map((v) => 3 * v),
  );
  const whole = rectangles.map((rectangle, patch) => {
    const image = clean.slice();
    for (const [i, [row, column]] of pixelsOf(rectangle).entries()) {
      const values = changed[patch]?.subarray(i * channels, (i + 1) * channels);
      if (values) image.set(values, (row * width + column) * channels);
    }
    return image;
  });
  return { clean, whole, changed };
}

/** Rectangles as the kernels read them: top, left, height << 16 | width, pixels before it; their total at last. */
function rectsOf(rectangles: readonly Rectangle[]): number[] {
  let before = 0;
  const rows = rectangles.flatMap((rectangle) => {
    const [top, left, height, width] = rectangle;
    const row = [top, left, (height << 16) | width, before];
    before += area(rectangle);
    return row;
  });
  return [...rows, 0, 0, 0, before];
}

/** Items beyond those that are listed, which stay as they are. */
const SPARE = 70;

/**
 * Runs an incremental kernel and returns its values in every patch's rectangle, patch after patch. The clean layer and the
 * values after the rectangles must stay.
 */
export async function runIncremental(
  device: GPUDevice,
  {
    inputs,
    output,
    constants,
    create,
  }: {
    readonly inputs: readonly (Patched & { readonly images: Images })[];
    readonly output: Patched;
    readonly constants: Readonly<Record<string, Constant>>;
    readonly create: (site: {
      readonly x: readonly [PartialLayer, ...PartialLayer[]];
      readonly y: PartialLayer;
      readonly constants: Tensors;
      readonly dirty: DirtyRectangles;
    }) => Promise<Command>;
  },
): Promise<Float32Array> {
  const owned: Tensor[] = [];
  const own = (shape: readonly number[], data: Float32Array | Uint32Array): Tensor => {
    const tensor = createTensor(device, shape, { data, dtype: data instanceof Uint32Array ? "u32" : "f32" });
    owned.push(tensor);
    return tensor;
  };
  const rows = output.rectangles.length + 1;
  const layers = [...inputs, output];
  // A layout before that is another layer's.
  const rects = [
    ...Array<number>(4 * rows).fill(7),
    ...layers.flatMap(({ rectangles }) => rectsOf(rectangles)),
  ];
  const layoutOf = (layer: number, items: number) => ({
    rects: (layer + 1) * rows,
    count: (layer + 2) * rows - 1,
    work: 1,
    items,
  });
  const work = [
    [9, 9],
    ...output.rectangles.flatMap((rectangle, patch) =>
      pixelsOf(rectangle).map(([row, column]) => [patch, (row << 16) | column]),
    ),
  ];
  const dirty: DirtyRectangles = {
    layouts: layers.length + 1,
    patches: rows - 1,
    rects: own([layers.length + 1, rows, 4], Uint32Array.from(rects)),
    work: own([work.length, 2], Uint32Array.from(work.flat())),
  };
  const [first, ...others] = inputs.map(
    ({ shape, channelAxes, images: { clean, changed } }, layer): PartialLayer => {
      const data = Float32Array.from([...clean, ...changed.flatMap((values) => [...values])]);
      return {
        buffer: own([data.length], data).buffer,
        shape,
        channelAxes: channelAxes ?? [shape[3]],
        layout: layoutOf(layer, 0),
      };
    },
  );
  if (!first) throw new Error("expected an input");
  const [, , , channels] = output.shape;
  const items = work.length - 1;
  const clean = numbers(sizeOf(output.shape), 5);
  const held = Float32Array.from([...clean, ...Array<number>((items + SPARE) * channels).fill(-99)]);
  const y = own([held.length], held);
  const command = await create({
    x: [first, ...others],
    y: {
      buffer: y.buffer,
      shape: output.shape,
      channelAxes: [channels],
      layout: layoutOf(inputs.length, items + SPARE),
    },
    constants: Object.fromEntries(
      Object.entries(constants).map(([name, { shape, data }]) => [name, own(shape, data)]),
    ),
    dirty,
  });
  submitTo(device, command);
  const found = await readTensor(device, y);
  command.destroy();
  for (const { buffer } of owned) buffer.destroy();
  expect(found.subarray(0, clean.length)).toEqual(clean);
  expect(new Set(found.subarray(clean.length + items * channels))).toEqual(new Set([-99]));
  return found.slice(clean.length, clean.length + items * channels);
}

/** The values in every patch's rectangle, of layers that are known as a whole. */
export function changedPixels({ shape, rectangles }: Patched, whole: readonly ArrayLike<number>[]): number[] {
  const [, , width, channels] = shape;
  return rectangles.flatMap((rectangle, patch) =>
    pixelsOf(rectangle).flatMap(([row, column]) =>
      Array.from(
        { length: channels },
        (_, c) => whole[patch]?.[(row * width + column) * channels + c] ?? Number.NaN,
      ),
    ),
  );
}
