import { h } from "../dom.ts";
import { up } from "../navigation.ts";
import { levelOf, select, selection, selects } from "../state/selection.ts";
import type { MountedPanel, Panel, PanelHost } from "./panel.ts";

/** The way from the network to what is selected, each step a button. */
export const breadcrumb: Panel = { title: "Selection", place: "bar", needs: [selection], mount };

function mount({ session }: PanelHost): MountedPanel {
  const { store } = session;
  const element = h("nav", { class: "path", "aria-label": breadcrumb.title });
  return {
    element,
    draw(changed) {
      if (changed && !selects(changed)) return;
      const { state } = store;
      const level = levelOf(state);
      const steps: [string, () => void][] = [[session.graph.name, () => select(store, {})]];
      const { layer, channel, y, x } = state;
      if (level >= 1)
        steps.push([session.room.exhibitOf(layer)?.title ?? layer ?? "", () => select(store, { layer })]);
      if (level >= 2) steps.push([`map ${channel}`, () => select(store, { layer, channel })]);
      if (level >= 3) steps.push([`(${y}, ${x})`, () => {}]);
      const back = { class: "quiet back", "aria-label": "One level up", onclick: () => up(session) };
      element.replaceChildren(
        ...(level > 0 ? [h("button", back, "‹")] : []),
        ...steps.flatMap(([text, go], index) => [
          ...(index > 0 ? [h("span", { class: "chevron" }, "›")] : []),
          h("button", { onclick: go, title: index === 1 ? (layer ?? "") : "" }, text),
        ]),
      );
    },
    dispose() {},
  };
}
