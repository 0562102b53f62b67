import type { Session } from "../session.ts";

/** The places of panels: in the bar, in a column beside the room, under the room by itself, or over everything. */
export type Place = "bar" | "left" | "right" | "bottom" | "over";

/** The page as a panel sees it. */
export interface PanelHost {
  readonly session: Session;
  /** Lets the reader choose a picture or the files of a model. */
  openFiles(): void;
  /** Says what went wrong. */
  fail(error: unknown): void;
  /** Shows or hides the panel, and on a phone its tab. */
  show(shown: boolean): void;
  /** Says on a phone that there is something new: a reader of the picture, or of the layer, is shown this panel. */
  bringForward(): void;
}

/** A panel in the page. */
export interface MountedPanel {
  readonly element: HTMLElement;
  /** Called once when the panel stands in the page, and whenever a slice changes that it needs. */
  draw?(changed?: { has(key: string): boolean }): void;
  /** Takes back everything that the panel listens to; the page takes its element out. */
  dispose(): void;
}

/** A part of the page: where it stands, which slices of the state it shows, and how it is made. */
export interface Panel {
  /** Its name for a screen reader; on a phone, of its tab if it has one. */
  readonly title: string;
  readonly place: Place;
  /** The slices of the state that it is drawn from. */
  readonly needs: readonly { readonly defaults: object }[];
  mount(host: PanelHost): MountedPanel;
}
