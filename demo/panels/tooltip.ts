import { headsOf, labelOf } from "../../src/graph.ts";
import { figure, h } from "../dom.ts";
import type { MountedPanel, Panel, PanelHost } from "./panel.ts";

/** The value of the voxel under the pointer, beside the pointer. */
export const tooltip: Panel = { title: "Voxel", place: "over", needs: [], mount };

function mount({ session }: PanelHost): MountedPanel {
  const element = h("div", { class: "tip hidden", role: "status" });
  const stop = session.hovered.listen(({ hovered, at }) => {
    element.classList.toggle("hidden", !hovered);
    if (!hovered) return;
    const exhibit = session.room.exhibitOf(hovered.layer);
    const head = exhibit?.bars
      ? headsOf(session.graph).find(({ logits, output }) => [logits, output].includes(hovered.layer))
      : undefined;
    const vector = exhibit?.kind === "vector";
    const place = vector ? "" : ` · (y ${hovered.y}, x ${hovered.x})`;
    const unit =
      (head && head.channels > 1 ? labelOf(head, hovered.channel) : undefined) ??
      `${vector ? "unit" : "map"} ${hovered.channel}`;
    element.replaceChildren(
      h("b", {}, figure(hovered.value)),
      h("div", {}, `${hovered.layer} · ${unit}${place}`),
    );
    const { width, height } = element.getBoundingClientRect();
    const left = Math.min(at.x + 16, innerWidth - width - 8);
    const top = at.y + 20 + height > innerHeight ? at.y - height - 12 : at.y + 20;
    element.style.transform = `translate(${left}px, ${top}px)`;
  });
  return { element, dispose: stop };
}
