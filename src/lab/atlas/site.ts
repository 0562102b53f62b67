/** What the pages of an atlas are drawn from: plain data, written beside them. */

/** The first thing that a page reads. */
export interface AtlasIndex {
  readonly model: string;
  readonly data: string;
  readonly pictures: number;
  /** Share of the labelled pictures for which the network is right. */
  readonly accuracy?: number | undefined;
  /** The labels of the data set. */
  readonly labels: readonly string[];
  readonly layers: readonly AtlasLayer[];
  /** What a reader of the pictures has to know: how they were made, and what was left out. */
  readonly notes: readonly string[];
}

export interface AtlasLayer {
  readonly name: string;
  /** The layer's part in file names and addresses. */
  readonly file: string;
  /** [h, w, C], or [C]. */
  readonly shape: readonly number[];
  /** Receptive field in pixels of the network's input, [h, w]; absent of layers that see everything. */
  readonly field?: readonly [height: number, width: number] | undefined;
  /** For each unit the numbers of the labels that drive it most, strongest first. */
  readonly drivenBy: readonly (readonly number[])[];
  /** Units that were zero everywhere, or had one value. */
  readonly still: readonly number[];
  /** For each unit the concept that it detects, where a dissection found one. */
  readonly concepts?: readonly (string | undefined)[] | undefined;
  /** The units' own names: of logits, the classes. */
  readonly names?: readonly string[] | undefined;
  /** What is drawn of each unit, in walls that hold all units of the layer. */
  readonly walls: readonly AtlasWall[];
}

export type AtlasPictureKind = "wanted" | "activation" | "relevance";

/** One picture that holds a small one of each unit, row by row. */
export interface AtlasWall {
  readonly kind: AtlasPictureKind;
  readonly file: string;
  readonly columns: number;
  readonly rows: number;
}

/** One unit, in the file of its layer. */
export interface AtlasUnit {
  readonly channel: number;
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly largest: number;
  /** Share of its values that are zero. */
  readonly zeros: number;
  /** Values of `range`, in bins of one width; those beyond are in the outermost. */
  readonly histogram?:
    | { readonly range: readonly [number, number]; readonly counts: readonly number[] }
    | undefined;
  /** Its mean for the labels that drive it most. */
  readonly labels: readonly { readonly label: number; readonly mean: number }[];
  /** Units of the layer that vary most together with it, either way. */
  readonly correlated: readonly { readonly channel: number; readonly correlation: number }[];
  /** The units that its weights read most: the sum of the weights, and their norm. */
  readonly reads: readonly AtlasWeight[];
  /** The units of the next convolutions that read it most. */
  readonly readBy: readonly AtlasWeight[];
  readonly wanted?: AtlasPicture | undefined;
  readonly activation?: AtlasPatches | undefined;
  readonly relevance?: AtlasPatches | undefined;
}

/** The weights between two units. */
export interface AtlasWeight {
  readonly layer: string;
  readonly channel: number;
  readonly sum: number;
  readonly norm: number;
}

/** A picture that was made. */
export interface AtlasPicture {
  readonly file: string;
  /** What the page says beneath it. */
  readonly caption: string;
}

/** The pictures that a unit is strongest for, three in a row. */
export interface AtlasPatches {
  readonly file: string;
  readonly columns: number;
  readonly rows: number;
  readonly patches: readonly {
    readonly id: string;
    readonly label?: string | undefined;
    readonly value: number;
  }[];
}

/** What the file of a layer hands to the page. */
export interface AtlasLayerFile {
  readonly layer: string;
  readonly units: readonly AtlasUnit[];
}
