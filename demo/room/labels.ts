import { type PerspectiveCamera, Vector3 } from "three/webgpu";

/** A text that stands in the room. */
export interface Label {
  readonly element: HTMLElement;
  /** Its place in the room. */
  readonly at: Vector3;
  /** Of two labels that would overlap, the one of the higher rank is shown. */
  rank: number;
  hidden: boolean;
}

/** Texts over the canvas, put where the room's points are seen; those that would overlap give way. */
export class Labels {
  readonly #host: HTMLElement;
  readonly #labels: Label[] = [];
  readonly #sizes = new Map<Label, { width: number; height: number }>();

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  add(element: HTMLElement, rank = 0): Label {
    const label: Label = { element, at: new Vector3(), rank, hidden: false };
    this.#host.append(element);
    this.#labels.push(label);
    return label;
  }

  /** The text of a label changed. */
  changed(label: Label): void {
    this.#sizes.delete(label);
  }

  update(camera: PerspectiveCamera, width: number, height: number): void {
    const taken: { left: number; right: number; top: number; bottom: number }[] = [];
    const point = new Vector3();
    for (const label of [...this.#labels].sort((a, b) => b.rank - a.rank)) {
      const { element } = label;
      point.copy(label.at).project(camera);
      const [x, y] = [((point.x + 1) / 2) * width, ((1 - point.y) / 2) * height];
      let shown = !label.hidden && point.z < 1 && x > -80 && x < width + 80 && y > -20 && y < height + 20;
      if (shown) {
        const size = this.#sizes.get(label) ?? { width: element.offsetWidth, height: element.offsetHeight };
        this.#sizes.set(label, size);
        const centred = element.dataset.anchor !== "left";
        const left = centred ? x - size.width / 2 : x;
        const top = centred ? y : y - size.height / 2;
        const box = {
          left: left - 3,
          right: left + size.width + 3,
          top: top - 1,
          bottom: top + size.height + 1,
        };
        shown = !taken.some(
          (other) =>
            box.left < other.right &&
            box.right > other.left &&
            box.top < other.bottom &&
            box.bottom > other.top,
        );
        if (shown) {
          taken.push(box);
          element.style.transform = `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px)`;
        }
      }
      element.style.visibility = shown ? "visible" : "hidden";
    }
  }

  clear(): void {
    for (const { element } of this.#labels) element.remove();
    this.#labels.length = 0;
    this.#sizes.clear();
  }
}
