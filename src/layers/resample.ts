import shader from "../../shaders/resample.wgsl";
import incrementalShader from "../../shaders/resample_incremental.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { build, type Scope } from "../gpu/scope.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";
import {
  chunkOf,
  type DirtyRectangles,
  itemGrid,
  listsOf,
  type PartialLayer,
  sizeOfImage,
} from "./incremental.ts";
import { type Taps, tapTable } from "./resampling-taps.ts";

/** Makes images of other rows and columns, each a weighted sum of those of x; writes them, or adds them. */
export function createResample(
  device: GPUDevice,
  site: {
    readonly label: string;
    readonly x: Tensor;
    readonly y: Tensor;
    readonly rows: Taps;
    readonly columns: Taps;
    readonly accumulate: boolean;
  },
): Promise<Command> {
  const { label, x, y, rows, columns, accumulate } = site;
  const [, height, width, channels] = asNhwc(x.shape);
  const chunk = chunkOf(channels);
  const size = sizeOf(y.shape) / chunk.size;
  return build(device, label, ({ tensor, command }) =>
    command(
      createDispatch(device, shader, {
        label,
        redeclare: { Chunk: chunk.type },
        params: {
          image: [height, width],
          output: [rows.length, columns.length],
          channels: channels / chunk.size,
          size,
          accumulate: Number(accumulate),
        },
        bindings: { x, taps: tableOf(tensor, label, rows, columns), y },
        workgroups: gridOf(Math.ceil(size / 256)),
      }),
    ),
  );
}

/** The same in the rectangles that patches change. */
export function createIncrementalResample(
  device: GPUDevice,
  site: {
    readonly label: string;
    readonly x: PartialLayer;
    readonly y: PartialLayer;
    readonly dirty: DirtyRectangles;
    readonly rows: Taps;
    readonly columns: Taps;
  },
): Promise<Command> {
  const { label, x, y, dirty, rows, columns } = site;
  const channels = y.shape[3];
  const chunk = chunkOf(channels);
  return build(device, label, ({ tensor, command }) =>
    command(
      createDispatch(device, incrementalShader, {
        label,
        redeclare: { Chunk: chunk.type },
        params: {
          inSize: sizeOfImage(x),
          outSize: sizeOfImage(y),
          ...listsOf(x, y),
          channels: channels / chunk.size,
        },
        bindings: {
          x: x.buffer,
          taps: tableOf(tensor, label, rows, columns),
          rects: dirty.rects,
          work: dirty.work,
          y: y.buffer,
        },
        workgroups: itemGrid(y, channels / chunk.size),
      }),
    ),
  );
}

function tableOf(tensor: Scope["tensor"], label: string, rows: Taps, columns: Taps): Tensor {
  const data = tapTable(rows, columns);
  return tensor([data.length], { dtype: "u32", data, label: `${label} taps` });
}
