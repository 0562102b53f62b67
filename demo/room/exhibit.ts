import { Group, Vector3 } from "three/webgpu";
import type { LayerForm } from "../../src/graph.ts";
import type { Layout } from "../state/room-view.ts";
import { lineColors } from "./line-colors.ts";
import { boxLines, boxPoints, type Lines } from "./lines.ts";
import { Moving } from "./motion.ts";
import { extentOf, pageOf, type Stand, sheetOf, strideFor } from "./plan.ts";
import { type Body, type Placing, Standing } from "./standing.ts";
import type { Volume } from "./volume.ts";

/** The way that an exhibit is to stand. */
export interface Posture {
  readonly open: boolean;
  readonly layout: Layout;
  readonly explode: number;
  /** Width over height of what the panels leave free. */
  readonly aspect: number;
  /** The most voxels that it may draw. */
  readonly voxels: number;
  /** The map that must be among those drawn when it is open. */
  readonly map: number;
}

/** A vector longer than this is a block of cells, not a column of bars. */
const LONGEST_COLUMN = 24;

/** What an exhibit is beside a layer's values. */
export interface ExhibitOptions {
  /** It is an output of the network. */
  readonly answers?: boolean;
  /** It is the picture that the network sees. */
  readonly picture?: boolean;
  /** A short form of its name. */
  readonly title?: string | undefined;
}

/** The placing of an exhibit that was never posed. */
const CLOSED: Omit<Placing, "sheet" | "cell" | "pitch"> = {
  every: [1, 1, 1],
  first: 0,
  maps: 1,
  sheetCell: 1,
  gap: 1,
  columns: 1,
  rows: 1,
};

/** One layer standing in the room: where it is, how large, and what moves when it opens. */
export class Exhibit implements Body {
  readonly group: Group = new Group();
  readonly frame: Lines;
  readonly stand: Stand;
  readonly index: number;
  readonly form: LayerForm;
  readonly size: readonly [number, number, number];
  readonly kind: Body["kind"];
  readonly bars: boolean;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly layer: string;
  /** Its name on labels. */
  readonly title: string;
  readonly x: Moving = new Moving(0);
  readonly y: Moving = new Moving(0);
  readonly sheet: Moving = new Moving(0);
  readonly explode: Moving = new Moving(0);
  volume: Volume | undefined;
  open = false;
  /** The most maps that are shown at once. */
  most = 1;
  /** Its standing in the frame that was drawn last, which is seen and pointed at. */
  seen: Standing;
  readonly #cell: number;
  #still = CLOSED;

  constructor(
    stand: Stand,
    index: number,
    form: LayerForm,
    largest: { readonly edge: number; readonly channels: number },
    { answers = false, picture = false, title = stand.shown }: ExhibitOptions = {},
  ) {
    this.stand = stand;
    this.index = index;
    this.layer = stand.shown;
    this.title = picture ? "image" : title;
    this.form = form;
    const { size } = form;
    this.size = size;
    const [height, width, channels] = size;
    this.kind = picture ? "picture" : height * width === 1 ? "vector" : "volume";
    this.bars = answers && this.kind === "vector" && channels <= LONGEST_COLUMN;
    const natural = extentOf(size, largest);
    this.#cell = natural.cell;
    this.width = natural.width;
    this.height = natural.height;
    this.depth = this.kind === "picture" ? 0 : natural.depth;
    if (this.kind === "vector") this.sheet.put(1);
    this.frame = boxLines();
    this.group.add(this.frame.object);
    this.seen = this.goal;
  }

  /** Sends it towards a posture. */
  pose({ open, layout, explode, aspect, voxels, map }: Posture, now: number): void {
    const [height, width, channels] = this.size;
    this.open = open;
    const page = open ? pageOf(this.size, voxels, map) : { first: 0, maps: channels, most: channels };
    this.most = page.most;
    const every = strideFor([height, width, open ? 1 : channels], voxels);
    if (this.kind === "vector") {
      const column = channels <= LONGEST_COLUMN;
      const gap = column ? 0.3 : 0.15;
      const [columns, rows] = column ? [1, channels] : sheetOf(Math.ceil(channels / every[2]), 1, 1, 0.55);
      const sheetCell = Math.min(0.42, 6.6 / (rows * (1 + gap)));
      this.#still = { every, ...page, gap, columns, rows, sheetCell };
      return;
    }
    const gap = Math.max(0.6, 0.07 * width);
    const tiles = Math.ceil(page.most / every[2]);
    const [columns, rows] = sheetOf(tiles, width + gap, height + gap, aspect);
    const [wide, high] = aspect > 1 ? [8 * aspect, 8] : [8, 8 / aspect];
    const sheetCell = Math.min(
      wide / (columns * (width + gap)),
      high / (rows * (height + gap)),
      (2.2 * this.width) / width,
    );
    this.#still = { every, ...page, gap, columns, rows, sheetCell };
    this.sheet.send(open && layout === "sheet" ? 1 : 0, now);
    this.explode.send(open ? explode : 0, now);
  }

  /** Its standing at a moment. */
  at(now: number): Standing {
    const [, , channels] = this.size;
    const natural = this.depth / channels;
    const apart = Math.max(natural * 1.5, Math.min(0.34 * this.width, 22 / channels));
    const pitch = natural + (apart - natural) * this.explode.at(now);
    return new Standing(
      this,
      { ...this.#still, sheet: this.sheet.at(now), cell: this.#cell, pitch },
      this.x.at(now),
      this.y.at(now),
    );
  }

  /** Its standing when nothing moves any more. */
  get goal(): Standing {
    return this.at(Number.POSITIVE_INFINITY);
  }

  /** Takes its stand for a frame; returns whether it is still on its way. */
  step(now: number): boolean {
    this.seen = this.at(now);
    this.group.position.copy(this.seen.position);
    return [this.x, this.y, this.sheet, this.explode].some((value) => value.moving(now));
  }

  /** Draws the box around it; `hot`: the pointer is over it. */
  outline(hot: boolean): void {
    const { extent } = this.seen;
    const { sheet } = this.seen.placing;
    const { x, y, z } = extent;
    this.frame.set(boxPoints(new Vector3(-x / 2, 0, -z / 2), new Vector3(x / 2, y, z / 2)));
    this.frame.color(
      this.open ? lineColors().accent : hot ? lineColors().hot : lineColors().box,
      this.open ? 0.45 * (1 - sheet) : 0.7 * (1 - 0.6 * sheet),
    );
  }
}
