import type { PerspectiveCamera } from "three/webgpu";
import type { Exhibit } from "./exhibit.ts";
import { type Label, Labels } from "./labels.ts";

/** What is written in the room: each exhibit's name and size, and the names of the answers. */
export class Names {
  readonly #labels: Labels;
  readonly #exhibits: readonly { readonly exhibit: Exhibit; readonly label: Label }[];
  readonly #answers: { readonly label: Label; readonly channel: number }[] = [];
  readonly #answering: Exhibit | undefined;

  /** @param classes names of the classes, if the network knows them. */
  constructor(host: HTMLElement, exhibits: readonly Exhibit[], classes: readonly string[] | undefined) {
    this.#labels = new Labels(host);
    this.#exhibits = exhibits.map((exhibit) => ({ exhibit, label: this.#labels.add(nameOf(exhibit)) }));
    this.#answering = exhibits.findLast(({ bars }) => bars);
    for (let channel = 0; channel < (classes ? (this.#answering?.size[2] ?? 0) : 0); channel++) {
      const element = document.createElement("div");
      element.className = "answer";
      element.dataset.anchor = "left";
      element.textContent = classes?.[channel] ?? String(channel);
      this.#answers.push({ label: this.#labels.add(element, 1), channel });
    }
  }

  /** The strongest class is written larger. */
  mark(best: number | undefined): void {
    for (const { label, channel } of this.#answers) {
      label.element.classList.toggle("best", channel === best);
      label.rank = channel === best ? 5 : 1;
      this.#labels.changed(label);
    }
  }

  draw(camera: PerspectiveCamera, width: number, height: number): void {
    for (const { exhibit, label } of this.#exhibits) {
      label.at.set(0, -0.25, exhibit.seen.extent.z / 2).add(exhibit.group.position);
      label.rank = exhibit.open ? 10 : exhibit.kind === "picture" ? 4 : 3;
      label.element.classList.toggle("open", exhibit.open);
    }
    if (this.#answering) {
      const { seen } = this.#answering;
      const beside = seen.extent.x / 2 + 0.15;
      for (const { label, channel } of this.#answers) {
        const centre = seen.map(channel)?.centre;
        label.hidden = centre === undefined;
        if (centre) label.at.set(centre.x + beside, centre.y, 0);
      }
    }
    this.#labels.update(camera, width, height);
  }

  dispose(): void {
    this.#labels.clear();
  }
}

function nameOf({ kind, layer, size }: Exhibit): HTMLElement {
  const element = document.createElement("div");
  element.className = "label";
  const name = document.createElement("b");
  name.textContent = kind === "picture" ? "image" : layer;
  const shape = document.createElement("span");
  shape.textContent = size[0] * size[1] === 1 ? `${size[2]}` : size.join(" × ");
  element.append(name, shape);
  return element;
}
