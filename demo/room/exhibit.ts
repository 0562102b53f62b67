import { Box3, Group, Vector3 } from "three/webgpu";
import type { Layout } from "../state.ts";
import { ink } from "./ink.ts";
import { boxLines, boxPoints, type Lines } from "./lines.ts";
import { Moving } from "./motion.ts";
import { extentOf, type Stand, sheetOf, strideFor } from "./plan.ts";
import type { Placing, Volume } from "./volume.ts";

/** How an exhibit is to stand. */
export interface Posture {
  readonly open: boolean;
  readonly layout: Layout;
  readonly explode: number;
  /** Width over height of what the panels leave free. */
  readonly aspect: number;
  /** How many voxels it may draw. */
  readonly voxels: number;
}

/** A vector longer than this is a block of cells, not a column of bars. */
const LONGEST_COLUMN = 24;
const BAR = 4;

/** One layer standing in the room: where it is, how large, and what moves when it opens. */
export class Exhibit {
  readonly group: Group = new Group();
  readonly frame: Lines;
  readonly stand: Stand;
  readonly index: number;
  readonly size: readonly [number, number, number];
  readonly kind: "picture" | "volume" | "vector";
  readonly bars: boolean;
  readonly x: Moving = new Moving(0);
  readonly y: Moving = new Moving(0);
  readonly sheet: Moving = new Moving(0);
  readonly explode: Moving = new Moving(0);
  layer: string;
  volume: Volume | undefined;
  /** Whether its voxels must be listed again. */
  stale = true;
  open = false;
  readonly #natural: { cell: number; width: number; height: number; depth: number };
  #stride: readonly [number, number, number] = [1, 1, 1];
  #columns = 1;
  #rows = 1;
  #sheetCell = 1;
  #gap = 1;

  constructor(
    stand: Stand,
    index: number,
    size: readonly [number, number, number],
    largest: { readonly edge: number; readonly channels: number },
    answers: boolean,
  ) {
    this.stand = stand;
    this.index = index;
    this.layer = stand.shown;
    this.size = size;
    const [height, width, channels] = size;
    this.kind = stand.depth === 0 ? "picture" : height * width === 1 ? "vector" : "volume";
    this.bars = answers && this.kind === "vector" && channels <= LONGEST_COLUMN;
    this.#natural = extentOf(size, largest);
    if (this.kind === "picture") this.#natural.depth = 0;
    if (this.kind === "vector") this.sheet.put(1);
    this.frame = boxLines();
    this.group.add(this.frame.object);
  }

  /** Number of maps that are drawn, and every how-manieth value along H, W, C. */
  get stride(): readonly [number, number, number] {
    return this.#stride;
  }

  /** Sends it towards a posture. */
  pose({ open, layout, explode, aspect, voxels }: Posture, now: number): void {
    const [height, width, channels] = this.size;
    const stride = strideFor(this.size, voxels);
    if (stride.join() !== this.#stride.join() || open !== this.open) this.stale = true;
    this.open = open;
    this.#stride = stride;
    const maps = Math.ceil(channels / stride[2]);
    if (this.kind === "vector") {
      const column = channels <= LONGEST_COLUMN;
      this.#gap = column ? 0.3 : 0.15;
      [this.#columns, this.#rows] = column ? [1, channels] : sheetOf(channels, 1, 1, 0.55);
      this.#sheetCell = Math.min(0.42, 6.6 / (this.#rows * (1 + this.#gap)));
    } else {
      this.#gap = Math.max(0.6, 0.07 * width);
      [this.#columns, this.#rows] = sheetOf(maps, width + this.#gap, height + this.#gap, aspect);
      const [wide, high] = aspect > 1 ? [8 * aspect, 8] : [8, 8 / aspect];
      this.#sheetCell = Math.min(
        wide / (this.#columns * (width + this.#gap)),
        high / (this.#rows * (height + this.#gap)),
        (2.2 * this.#natural.width) / width,
      );
      if (this.sheet.send(open && layout === "sheet" ? 1 : 0, now)) this.stale = true;
      if (this.explode.send(open ? explode : 0, now)) this.stale = true;
    }
  }

  /** Width, height and depth at a moment, or where it is going. */
  extent(now = Number.POSITIVE_INFINITY): Vector3 {
    const { width, height, depth } = this.#natural;
    if (this.kind === "picture") return new Vector3(width, height, 0);
    const [sheet, explode] = [this.sheet.at(now), this.explode.at(now)];
    const gap = this.#gap;
    const stack = new Vector3(width, height, Math.max(depth, this.#pitch(explode) * this.size[2]));
    const flat = new Vector3(
      this.bars ? BAR : (this.#columns * (this.size[1] + gap) - gap) * this.#sheetCell,
      (this.#rows * (this.size[0] + gap) - gap) * this.#sheetCell,
      this.#sheetCell,
    );
    return stack.lerp(flat, sheet);
  }

  #pitch(explode: number): number {
    const { width, depth } = this.#natural;
    const natural = depth / this.size[2];
    const apart = Math.max(natural * 1.5, Math.min(0.34 * width, 22 / this.size[2]));
    return natural + (apart - natural) * explode;
  }

  /** How the voxels stand at a moment. */
  placing(now: number): Placing {
    return {
      stride: this.#stride,
      sheet: this.sheet.at(now),
      cell: this.#natural.cell,
      pitch: this.#pitch(this.explode.at(now)),
      sheetCell: this.#sheetCell,
      gap: this.#gap,
      columns: this.#columns,
      rows: this.#rows,
    };
  }

  /** Half of a voxel along x, y, z at a moment. */
  voxelExtent(now: number): Vector3 {
    const { sheet, cell, pitch, sheetCell } = this.placing(now);
    const [height, , deep] = this.#stride;
    const fill = this.size[0] > 20 ? 1 : 0.92;
    const thick = Math.min(0.36 * pitch * deep, Math.max(1.5 * cell, 0.04));
    const stack = new Vector3((cell * height * fill) / 2, (cell * height * fill) / 2, thick);
    const half = (sheetCell * height * fill) / 2;
    const flat = this.bars ? new Vector3(BAR / 2, half, half * 0.6) : new Vector3(half, half, half * 0.6);
    return stack.lerp(flat, sheet);
  }

  /** Centre of a unit in the room, and half its extent, at a moment. Mirrors place_voxels.wgsl. */
  unit(channel: number, y: number, x: number, now: number): { centre: Vector3; half: Vector3 } {
    const { centre, cell } = this.map(channel, now);
    const [height, width] = this.size;
    const [sy, sx] = this.#stride;
    const middle = (at: number, stride: number, size: number) =>
      Math.min(Math.floor(at / stride) * stride + stride / 2, size);
    centre.x += (middle(x, sx, width) - width / 2) * cell;
    centre.y += (height / 2 - middle(y, sy, height)) * cell;
    return { centre, half: this.voxelExtent(now) };
  }

  /** Centre of a map in the room and the edge of its pixels at a moment. */
  map(channel: number, now: number): { centre: Vector3; cell: number } {
    const { sheet, cell, pitch, sheetCell, gap, columns, rows } = this.placing(now);
    const [height, width, channels] = this.size;
    const deep = this.#stride[2];
    const block = Math.floor(channel / deep);
    const stack = new Vector3(
      0,
      (height * cell) / 2,
      (channels / 2 - Math.min(block * deep + deep / 2, channels)) * pitch,
    );
    const flat = new Vector3(
      ((block % columns) - (columns - 1) / 2) * (width + gap) * sheetCell,
      (rows - 1 - Math.floor(block / columns)) * (height + gap) * sheetCell + (height * sheetCell) / 2,
      0,
    );
    const centre = stack.lerp(flat, sheet).add(this.group.position);
    return { centre, cell: cell + (sheetCell - cell) * sheet };
  }

  /** The box that it fills in the room at a moment, or where it is going. */
  box(now = Number.POSITIVE_INFINITY): Box3 {
    const { x, y, z } = this.extent(now);
    const at = new Vector3(this.x.at(now), this.y.at(now), 0);
    return new Box3(new Vector3(-x / 2, 0, -z / 2).add(at), new Vector3(x / 2, y, z / 2).add(at));
  }

  /** Columns of the sheet: how far one arrow key up or down goes. */
  get columns(): number {
    return this.sheet.goal > 0.5 ? this.#columns : 1;
  }

  /** Draws the box around it; `hot`: the pointer is over it. */
  outline(hot: boolean, now: number): void {
    const { x, y, z } = this.extent(now);
    this.frame.set(boxPoints(new Vector3(-x / 2, 0, -z / 2), new Vector3(x / 2, y, z / 2)));
    const flat = this.sheet.at(now);
    this.frame.color(
      this.open ? ink().accent : hot ? ink().hot : ink().box,
      this.open ? 0.45 * (1 - flat) : 0.7 * (1 - 0.6 * flat),
    );
  }

  moving(now: number): boolean {
    return [this.x, this.y, this.sheet, this.explode].some((value) => value.moving(now));
  }
}
