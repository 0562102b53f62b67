import { Box3, Vector3 } from "three/webgpu";

/** The places of voxels, as place_voxels.wgsl takes them. */
export interface Placing {
  /** The step between drawn values along H, W, C; the first map that is drawn, and how many. */
  readonly every: readonly [number, number, number];
  readonly first: number;
  readonly maps: number;
  /** 0: maps one behind the other; 1: side by side. */
  readonly sheet: number;
  /** Edge of a pixel, and the distance between maps, in the stack. */
  readonly cell: number;
  readonly pitch: number;
  /** Edge of a pixel, the gap between maps in pixels, and their columns and rows, in the sheet. */
  readonly sheetCell: number;
  readonly gap: number;
  readonly columns: number;
  readonly rows: number;
}

/** The facts of an exhibit that never change. */
export interface Body {
  /** H, W, C. */
  readonly size: readonly [number, number, number];
  readonly kind: "picture" | "volume" | "vector";
  /** True if its values are bars from the left. */
  readonly bars: boolean;
  /** Width, height and depth of the closed stack. */
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

/** Length of the longest bar. */
const BAR = 4;

/**
 * An exhibit as it stands at a moment. Drawing, picking, outlines and names all come from here, so that they cannot
 * disagree. Coordinates are the room's; place_voxels.wgsl computes the same centres on the GPU.
 */
export class Standing {
  readonly body: Body;
  readonly placing: Placing;
  readonly position: Vector3;

  constructor(body: Body, placing: Placing, x: number, y: number) {
    this.body = body;
    this.placing = placing;
    this.position = new Vector3(x, y, 0);
  }

  /** The counts of values that are drawn along H, W, C. */
  get count(): [number, number, number] {
    const [height, width] = this.body.size;
    const { every, maps } = this.placing;
    return [Math.ceil(height / every[0]), Math.ceil(width / every[1]), Math.ceil(maps / every[2])];
  }

  /** Width, height and depth. */
  get extent(): Vector3 {
    const { width, height, depth, kind, bars, size } = this.body;
    if (kind === "picture") return new Vector3(width, height, 0);
    const { gap, sheetCell, pitch, columns, rows, sheet } = this.placing;
    const stack = new Vector3(width, height, Math.max(depth, pitch * size[2]));
    const flat = new Vector3(
      bars ? BAR : (columns * (size[1] + gap) - gap) * sheetCell,
      (rows * (size[0] + gap) - gap) * sheetCell,
      sheetCell,
    );
    return stack.lerp(flat, sheet);
  }

  /** The box that it fills. */
  get box(): Box3 {
    const { x, y, z } = this.extent;
    return new Box3(
      new Vector3(-x / 2, 0, -z / 2).add(this.position),
      new Vector3(x / 2, y, z / 2).add(this.position),
    );
  }

  /** Half of a voxel along x, y, z. */
  get voxel(): Vector3 {
    const { every, cell, pitch, sheetCell, sheet } = this.placing;
    const [space, , deep] = every;
    const fill = this.body.size[0] > 20 ? 1 : 0.92;
    const thick = Math.min(0.36 * pitch * deep, Math.max(1.5 * cell, 0.04));
    const stack = new Vector3((cell * space * fill) / 2, (cell * space * fill) / 2, thick);
    const half = (sheetCell * space * fill) / 2;
    const flat = new Vector3(this.body.bars ? BAR / 2 : half, half, half * 0.6);
    return stack.lerp(flat, sheet);
  }

  /** Channels whose maps are drawn. */
  get channels(): number[] {
    const { every, first } = this.placing;
    return Array.from({ length: this.count[2] }, (_, index) => first + index * every[2]);
  }

  /** Centre of a map and the edge of its pixels; undefined for a map that is not drawn. */
  map(channel: number): { readonly centre: Vector3; readonly cell: number } | undefined {
    const [height, width, channels] = this.body.size;
    const { every, first, cell, pitch, sheetCell, gap, columns, rows, sheet } = this.placing;
    const [, , deep] = every;
    const tile = (channel - first) / deep;
    if (!Number.isInteger(tile) || tile < 0 || tile >= this.count[2]) return undefined;
    const middle = Math.min(channel + deep / 2, channels);
    const stack = new Vector3(0, (height * cell) / 2, (channels / 2 - middle) * pitch);
    const flat = new Vector3(
      ((tile % columns) - (columns - 1) / 2) * (width + gap) * sheetCell,
      (rows - 1 - Math.floor(tile / columns)) * (height + gap) * sheetCell + (height * sheetCell) / 2,
      0,
    );
    return { centre: stack.lerp(flat, sheet).add(this.position), cell: cell + (sheetCell - cell) * sheet };
  }

  /** Centre of a unit's voxel and half its extent; undefined for a unit of a map that is not drawn. */
  unit(
    channel: number,
    y: number,
    x: number,
  ): { readonly centre: Vector3; readonly half: Vector3 } | undefined {
    const map = this.map(channel);
    if (!map) return undefined;
    const [height, width] = this.body.size;
    const [sy, sx] = this.placing.every;
    const middle = (at: number, stride: number, size: number) =>
      Math.min(Math.floor(at / stride) * stride + stride / 2, size);
    const centre = map.centre.clone();
    centre.x += (middle(x, sx, width) - width / 2) * map.cell;
    centre.y += (height / 2 - middle(y, sy, height)) * map.cell;
    return { centre, half: this.voxel };
  }
}
