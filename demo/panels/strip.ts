import { adapterName } from "../../src/index.ts";
import { h, svg } from "../dom.ts";
import { select, selection } from "../state/selection.ts";
import type { MountedPanel, Panel, PanelHost } from "./panel.ts";

/** The whole network as a row of blocks: map, scrubber and table of contents. */
export const stripPanel: Panel = {
  title: "Layers of the network",
  place: "bottom",
  needs: [selection],
  mount,
};

function mount({ session }: PanelHost): MountedPanel {
  const { store, room, device } = session;
  const exhibits = room.exhibits;
  const depth = Math.max(...exhibits.map(({ stand }) => stand.depth));
  const lanes = Math.max(...exhibits.map(({ stand }) => stand.lanes));
  const step = Math.max(34, Math.min(104, 1180 / (depth + 1)));
  const names = step >= 56;
  const lane = h("div", { class: "lane" });
  lane.style.width = `${(depth + 1) * step}px`;
  const largest = Math.max(...exhibits.map(({ size }) => Math.max(size[0], size[1])));
  const drawing = svg("svg", { viewBox: `0 0 ${(depth + 1) * step} 100`, preserveAspectRatio: "none" });
  lane.append(drawing);

  const place = (index: number): { x: number; y: number } => {
    const stand = exhibits[index]?.stand;
    if (!stand) return { x: 0, y: 0 };
    const spread = lanes > 1 ? 56 / lanes : 0;
    return { x: (stand.depth + 0.5) * step, y: 50 + (stand.lane - (stand.lanes - 1) / 2) * spread };
  };
  const buttons = exhibits.map((exhibit, index) => {
    const { x, y } = place(index);
    const [height, width, channels] = exhibit.size;
    const block = h("i", {});
    const tall = (40 / Math.min(lanes, 3)) * (Math.max(height, width, 1.6) / largest) ** 0.4;
    block.style.height = `${Math.max(5, exhibit.kind === "vector" ? 22 / Math.min(lanes, 3) : tall).toFixed(1)}px`;
    const thick =
      exhibit.kind === "picture" ? Number.parseFloat(block.style.height) : 3 + 2.6 * Math.log2(channels + 1);
    block.style.width = `${Math.min(step - 10, thick).toFixed(1)}px`;
    const { title, kind } = exhibit;
    const whole = kind === "picture" ? "image" : exhibit.layer;
    const button = h(
      "button",
      {
        class: exhibit.kind,
        title: `${whole} · ${exhibit.form.words}`,
        "aria-label": `${whole}, ${exhibit.size.join(" by ")}`,
        tabIndex: -1,
        onclick: () => select(store, { layer: exhibit.layer }),
      },
      block,
      names && lanes === 1 ? h("span", {}, title) : undefined,
    );
    button.style.left = `${x}px`;
    button.style.top = `${y}%`;
    button.style.width = `${step - 4}px`;
    button.style.height = `${lanes > 1 ? 84 / lanes : 92}%`;
    lane.append(button);
    for (const from of exhibit.stand.from) {
      const start = place(from);
      const far = exhibit.stand.depth - (exhibits[from]?.stand.depth ?? 0) > 1;
      const lift = Math.min(start.y, y) - 36;
      drawing.append(
        svg("path", {
          d: far
            ? `M${start.x} ${start.y} C${start.x + step / 2} ${lift} ${x - step / 2} ${lift} ${x} ${y}`
            : `M${start.x} ${start.y} C${start.x + step / 2} ${start.y} ${x - step / 2} ${y} ${x} ${y}`,
          "vector-effect": "non-scaling-stroke",
        }),
      );
    }
    return button;
  });

  const track = h("div", { class: "track" }, lane);
  const foot = h(
    "div",
    { class: "foot" },
    h("span", {}, adapterName(device)),
    session.software
      ? h(
          "span",
          { class: "warn" },
          "software adapter: everything works, but slowly, and fewer voxels are drawn",
        )
      : undefined,
    h("span", { class: "space" }),
    h("span", {}, "Nothing leaves this machine"),
  );
  const element = h("nav", { class: "panel strip", "aria-label": stripPanel.title }, track, foot);

  const follow = () => {
    const chosen = room.exhibitOf(store.state.layer);
    for (const [index, button] of buttons.entries()) {
      const open = exhibits[index] === chosen;
      button.classList.toggle("open", open);
      button.tabIndex = open || (!chosen && index === 0) ? 0 : -1;
      if (open) {
        button.setAttribute("aria-current", "true");
        const { x } = place(index);
        const { scrollLeft, clientWidth } = track;
        if (x < scrollLeft + 60 || x > scrollLeft + clientWidth - 60)
          track.scrollTo({ left: x - clientWidth / 2 });
      } else button.removeAttribute("aria-current");
    }
  };
  return {
    element,
    draw(changed) {
      if (!changed || changed.has("layer")) follow();
    },
    dispose() {},
  };
}
