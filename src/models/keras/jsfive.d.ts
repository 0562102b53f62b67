/** What Vitrine takes of jsfive, which has no types of its own. */
declare module "jsfive" {
  export interface Attributes {
    readonly [name: string]: unknown;
  }

  export class Group {
    readonly keys: readonly string[];
    readonly attrs: Attributes;
    /** Null for a link that leads nowhere. */
    get(path: string): Group | Dataset | null;
  }

  export class Dataset {
    readonly shape: readonly number[];
    /** As NumPy writes it: "<f4". Other kinds of values are lists. */
    readonly dtype: unknown;
    readonly attrs: Attributes;
    readonly value: readonly unknown[];
  }

  export class File extends Group {
    constructor(bytes: ArrayBuffer, name?: string);
  }
}
