import { Group, Vector3 } from "three/webgpu";
import { receptiveField } from "../../src/graph.ts";
import type { Graph } from "../../src/index.ts";
import type { Selection } from "../state/selection.ts";
import { exhibitOf } from "./arrangement.ts";
import type { Exhibit } from "./exhibit.ts";
import { createField, type Field } from "./field.ts";
import { lineColors } from "./line-colors.ts";
import { boxPoints, createLines, type Lines } from "./lines.ts";
import { createSheetGround, type SheetGround } from "./sheet-ground.ts";

/** A unit of a layer. */
interface Unit {
  readonly layer: string;
  readonly channel: number;
  readonly y: number;
  readonly x: number;
}

/** Everything that is drawn around the voxels: links, frames of maps, the selection and the pixels that it sees. */
export class LinesAround {
  readonly object: Group = new Group();
  readonly #graph: Graph;
  readonly #exhibits: readonly Exhibit[];
  readonly #edges: Lines;
  readonly #chosen: Lines;
  readonly #tiles: Lines;
  readonly #ground: SheetGround;
  readonly #field: Field;

  constructor(graph: Graph, exhibits: readonly Exhibit[]) {
    this.#graph = graph;
    this.#exhibits = exhibits;
    const links = exhibits.reduce((sum, { stand }) => sum + stand.from.length, 0);
    const maps = Math.max(...exhibits.map(({ size }) => size[2]));
    this.#edges = createLines(links * 16, lineColors().line, 0.75);
    this.#chosen = createLines(12, lineColors().accent, 1);
    this.#chosen.object.renderOrder = 3;
    this.#tiles = createLines(4 * maps, lineColors().line, 0.5);
    this.#ground = createSheetGround(maps);
    this.#field = createField();
    this.object.add(
      this.#edges.object,
      this.#ground.object,
      this.#tiles.object,
      this.#chosen.object,
      this.#field.object,
    );
  }

  /** Draws it as the exhibits stand. `unit`: whose receptive field is shown. */
  draw(selected: Selection, unit: Unit | undefined): void {
    this.#drawEdges();
    this.#drawTiles();
    this.#drawChosen(selected);
    const exhibit = exhibitOf(this.#exhibits, unit?.layer);
    const voxel = unit && exhibit?.kind !== "picture" && exhibit?.seen.unit(unit.channel, unit.y, unit.x);
    if (unit && voxel) this.#field.show(voxel, this.#patch(unit));
    else this.#field.hide();
  }

  dispose(): void {
    for (const part of [this.#edges, this.#chosen, this.#tiles, this.#ground, this.#field]) part.dispose();
  }

  #drawChosen({ layer, channel }: Selection): void {
    const open = exhibitOf(this.#exhibits, layer);
    const map = open?.kind === "volume" && channel !== undefined && open.seen.map(channel);
    if (!open || !map) {
      this.#chosen.set([]);
      return;
    }
    const { centre, cell } = map;
    const [height, width] = open.size;
    const half = new Vector3((width * cell) / 2, (height * cell) / 2, open.seen.voxel.z);
    half.addScalar(cell * 0.2);
    this.#chosen.color(lineColors().accent);
    this.#chosen.set(boxPoints(centre.clone().sub(half), centre.clone().add(half)));
  }

  /** Faint frames around the maps of a sheet, so that silent ones are seen to be there. */
  #drawTiles(): void {
    const open = this.#exhibits.find(
      (exhibit) => exhibit.kind === "volume" && exhibit.seen.placing.sheet > 0.02,
    );
    const points: number[] = [];
    const corners: number[] = [];
    if (open) {
      const [height, width] = open.size;
      const { seen } = open;
      const behind = seen.voxel.z;
      for (const channel of seen.channels) {
        const map = seen.map(channel);
        if (!map) continue;
        const { centre, cell } = map;
        const [x, y, z] = [(width * cell) / 2, (height * cell) / 2, centre.z - behind];
        const [a, b, c, d] = [centre.x - x, centre.x + x, centre.y - y, centre.y + y];
        corners.push(a, c, z, b, c, z, b, d, z, a, c, z, b, d, z, a, d, z);
        points.push(a, c, z, b, c, z, b, c, z, b, d, z, b, d, z, a, d, z, a, d, z, a, c, z);
      }
      this.#tiles.color(lineColors().line, 0.55 * open.seen.placing.sheet);
    }
    this.#tiles.set(points);
    this.#ground.set(corners, open?.seen.placing.sheet ?? 0);
  }

  /** Lines from each exhibit to those that it feeds; ways around others are arcs. */
  #drawEdges(): void {
    const points: number[] = [];
    for (const exhibit of this.#exhibits) {
      const to = exhibit.seen.box;
      for (const index of exhibit.stand.from) {
        const source = this.#exhibits[index];
        if (!source) continue;
        const from = source.seen.box;
        const a = new Vector3(from.max.x, (from.min.y + from.max.y) / 2, 0);
        const b = new Vector3(to.min.x, (to.min.y + to.max.y) / 2, 0);
        const far = exhibit.stand.depth - source.stand.depth > 1;
        const bow = far ? 2.2 + 0.1 * (b.x - a.x) + Math.max(from.max.y, to.max.y) - (a.y + b.y) / 2 : 0;
        const steps = far || Math.abs(a.y - b.y) > 0.01 ? 12 : 1;
        let before = a;
        for (let i = 1; i <= steps; i++) {
          const t = i / steps;
          const s = t * t * (3 - 2 * t);
          const next = new Vector3(
            a.x + (b.x - a.x) * t,
            a.y + (b.y - a.y) * s + bow * 4 * t * (1 - t) * 0.5,
            0,
          );
          points.push(...before.toArray(), ...next.toArray());
          before = next;
        }
      }
    }
    this.#edges.color(lineColors().line, 0.75);
    this.#edges.set(points);
  }

  /** Corners of a unit's receptive field on the picture in the room. */
  #patch(unit: Unit): Vector3[] | undefined {
    const picture = this.#exhibits.find(({ kind }) => kind === "picture");
    const form = exhibitOf(this.#exhibits, unit.layer)?.form;
    if (!picture || !form) return undefined;
    const { inside } = receptiveField(this.#graph, { layer: unit.layer, ...form.placeOf(unit) });
    const box = picture.seen.box;
    const [height, width] = picture.size;
    const x = (column: number) => box.min.x + (column / width) * (box.max.x - box.min.x);
    const y = (row: number) => box.max.y - (row / height) * (box.max.y - box.min.y);
    const z = 0.02;
    return [
      new Vector3(x(inside.left), y(inside.top), z),
      new Vector3(x(inside.right), y(inside.top), z),
      new Vector3(x(inside.right), y(inside.bottom), z),
      new Vector3(x(inside.left), y(inside.bottom), z),
    ];
  }
}
