import type { PerspectiveCamera } from "three/webgpu";
import { type Head, labelOf } from "../../src/graph.ts";
import type { Exhibit } from "./exhibit.ts";
import { type Label, Labels } from "./labels.ts";

/** The texts in the room: each exhibit's name and size, and the names of the answers. */
export class Names {
  readonly #labels: Labels;
  readonly #exhibits: readonly { readonly exhibit: Exhibit; readonly label: Label }[];
  readonly #answers: {
    readonly label: Label;
    readonly exhibit: Exhibit;
    readonly output: string;
    readonly channel: number;
    readonly index: number;
  }[] = [];

  /** @param heads the network's outputs; the bars of those that have labels are named. */
  constructor(host: HTMLElement, exhibits: readonly Exhibit[], heads: readonly Head[]) {
    this.#labels = new Labels(host);
    this.#exhibits = exhibits.map((exhibit) => ({ exhibit, label: this.#labels.add(nameOf(exhibit)) }));
    for (const head of heads) {
      const exhibit = exhibits.find(
        ({ bars, layer }) => bars && (layer === head.logits || layer === head.output),
      );
      if (!exhibit || !head.labels) continue;
      for (let channel = 0; channel < head.channels; channel++) {
        // The only bar of a yes or no is the yes: the second of two labels.
        const index = head.channels === 1 && head.labels.length === 2 ? 1 : channel;
        const element = document.createElement("div");
        element.className = "answer";
        element.dataset.anchor = "left";
        element.textContent = labelOf(head, index) ?? String(index);
        const label = this.#labels.add(element, 1);
        this.#answers.push({ label, exhibit, output: head.name, channel, index });
      }
    }
  }

  /** The strongest class of an output is written larger. */
  mark(head: Head, best: number | undefined): void {
    for (const { label, output, index } of this.#answers) {
      const strongest = output === head.name && index === best;
      label.element.classList.toggle("best", strongest);
      label.rank = strongest ? 5 : 1;
      this.#labels.changed(label);
    }
  }

  /** Layers that hold values which are no numbers say so. */
  warn(layers: ReadonlySet<string>): void {
    for (const { exhibit, label } of this.#exhibits) {
      label.element.classList.toggle("strange", layers.has(exhibit.layer));
      this.#labels.changed(label);
    }
  }

  draw(camera: PerspectiveCamera, width: number, height: number): void {
    for (const { exhibit, label } of this.#exhibits) {
      label.at.set(0, -0.25, exhibit.seen.extent.z / 2).add(exhibit.group.position);
      label.rank = exhibit.open ? 10 : exhibit.kind === "picture" ? 4 : 3;
      label.element.classList.toggle("open", exhibit.open);
    }
    for (const { label, exhibit, channel } of this.#answers) {
      const { seen } = exhibit;
      const centre = seen.map(channel)?.centre;
      label.hidden = centre === undefined;
      if (centre) label.at.set(centre.x + seen.extent.x / 2 + 0.15, centre.y, 0);
    }
    this.#labels.update(camera, width, height);
  }

  dispose(): void {
    this.#labels.clear();
  }
}

function nameOf({ title, form }: Exhibit): HTMLElement {
  const element = document.createElement("div");
  element.className = "label";
  const name = document.createElement("b");
  name.textContent = title;
  const shape = document.createElement("span");
  shape.textContent = form.words;
  element.append(name, shape);
  return element;
}
