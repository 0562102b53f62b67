import { SEQUENTIAL_MAPS } from "../../src/figures.ts";
import { figure, grouped, h, segmented, slider } from "../dom.ts";
import { type MapRange, RANGE, rangeIn } from "../room/ranges.ts";
import { look } from "../state/look.ts";
import { type Layout, roomView, type Scale } from "../state/room-view.ts";
import { select, selection } from "../state/selection.ts";
import { subject } from "../state/subject.ts";
import { ActivationView } from "./activation-view.ts";
import { layerFacts, networkFacts } from "./facts.ts";
import { headChoice } from "./head-choice.ts";
import { legend } from "./legend.ts";
import { pagingOf } from "./paging.ts";
import type { MountedPanel, Panel, PanelHost } from "./panel.ts";
import { preprocessingChoice } from "./preprocessing-choice.ts";

/** The span of a map's values, in words. */
function reachOf(range: MapRange | undefined, values: number): string {
  if (!range) return "";
  const { least, most, strange } = range;
  if (strange === values) return "none of its values is finite";
  const silent = most === 0 && least === 0 && strange === 0;
  const span = silent ? "silent on this image" : `${figure(least)} … ${figure(most)}`;
  return strange > 0 ? `${span}; ${grouped(strange)} values are not finite` : span;
}

/** Whatever is selected: the network, a layer, a map, a voxel; and how it is drawn. */
export const inspectorPanel: Panel = {
  title: "Layer",
  place: "right",
  needs: [selection, roomView, look, subject],
  mount,
};

function mount({ session }: PanelHost): MountedPanel {
  const { store, network, graph, room } = session;
  const view = new ActivationView(session.device);
  view.canvas.setAttribute("role", "img");
  let ranges: Float32Array | undefined;

  const name = h("strong", {});
  const shape = h("span", {});
  const facts = h("dl", { class: "facts" });
  const hint = h("p", { class: "note" });
  const head = h("section", {}, h("div", { class: "title" }, name, shape), facts, hint);
  const [choice, prepared] = [headChoice(session, "facts"), preprocessingChoice(session, "facts")];
  const reading = h("section", {}, h("h2", {}, "How it is read"), choice.element, prepared.element);

  const layout = segmented<Layout>(
    "Layout",
    [
      ["sheet", "Sheet"],
      ["stack", "Stack"],
    ],
    (value) => store.set({ layout: value }),
  );
  const explode = slider("Explode", { min: 0, max: 1, step: 0.01 }, (value) => store.set({ explode: value }));
  const channel = slider("Map", { min: 0, max: 1, step: 1 }, (value) => {
    const { layer } = store.state;
    select(store, { layer, channel: value });
  });
  const paging = pagingOf(session);
  const mapFacts = h("p", { class: "note" });
  const maps = h(
    "section",
    { class: "stack" },
    layout.element,
    explode.element,
    paging.element,
    channel.element,
    view.canvas,
    mapFacts,
  );

  const threshold = slider("Threshold", { min: 0, max: 1, step: 0.005 }, (value) =>
    store.set({ threshold: value }),
  );
  const scale = segmented<Scale>(
    "Scale",
    [
      ["layer", "Per layer"],
      ["map", "Per map"],
    ],
    (value) => store.set({ scale: value }),
  );
  const colors = h(
    "select",
    {
      "aria-label": "Colours",
      onchange: () => store.set({ colors: colors.value as (typeof SEQUENTIAL_MAPS)[number] }),
    },
    ...SEQUENTIAL_MAPS.map((value) => h("option", { value }, value)),
  );
  const key = legend();
  const drawn = h("p", { class: "note" });
  const drawing = h(
    "section",
    { class: "stack" },
    threshold.element,
    scale.element,
    h("label", { class: "field" }, h("span", {}, "Colours"), colors),
    key.element,
    drawn,
  );
  const element = h("div", {}, head, reading, maps, drawing);

  view.canvas.addEventListener("click", (event) => {
    const { layer, channel: map } = store.state;
    const exhibit = room.exhibitOf(layer);
    if (!exhibit) return;
    const [height, width] = exhibit.size;
    const box = view.canvas.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * height);
    select(store, { layer: exhibit.layer, channel: map ?? 0, y, x });
  });

  /** The range of a map's values, if it was read; at the number of maps, of the layer's. */
  const rangeAt = (index: number) => (ranges ? rangeIn(ranges, index) : undefined);

  function drawHead(): void {
    const exhibit = room.exhibitOf(store.state.layer);
    maps.classList.toggle("hidden", exhibit?.kind !== "volume");
    choice.draw();
    prepared.draw();
    const nothing = reading.querySelectorAll(".reading:not(.hidden) > .field:not(.hidden)").length === 0;
    reading.classList.toggle("hidden", exhibit !== undefined || nothing);
    const found = exhibit ? layerFacts(graph, exhibit, rangeAt(exhibit.size[2])) : networkFacts(session);
    name.textContent = found.name;
    shape.textContent = found.size;
    facts.replaceChildren(...found.rows.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
    hint.textContent = found.hint;
  }

  function drawMaps(): void {
    const { state } = store;
    const exhibit = room.exhibitOf(state.layer);
    layout.set(state.layout);
    explode.element.classList.toggle("hidden", state.layout !== "stack");
    explode.set(state.explode, `${Math.round(100 * state.explode)} %`);
    if (exhibit?.kind !== "volume") return;
    const [height, width, channels] = exhibit.size;
    const map = Math.min(state.channel ?? 0, channels - 1);
    paging.draw(exhibit);
    channel.input.max = String(channels - 1);
    channel.set(map, state.channel === undefined ? `– of ${channels}` : `${map} of ${channels}`);
    const buffer = room.rangesOf(exhibit.layer);
    view.canvas.classList.toggle("hidden", state.channel === undefined);
    if (!buffer || state.channel === undefined) {
      mapFacts.textContent = "Choose a map: click it, or press Enter.";
      return;
    }
    view.canvas.setAttribute("aria-label", `Map ${map} of ${exhibit.layer}`);
    view.draw(
      network.activation(exhibit.layer),
      exhibit.form,
      buffer,
      room.colorsBuffer,
      map,
      state.scale === "map",
    );
    const reach = reachOf(rangeAt(map), height * width);
    if (state.y === undefined || state.x === undefined) {
      mapFacts.textContent = `Map ${map}: ${reach}`;
      return;
    }
    const { layer, y, x } = { layer: exhibit.layer, y: state.y, x: state.x };
    void session
      .valueOf(layer, map, y, x)
      .then((value) => {
        const now = store.state;
        if (now.channel === map && now.y === y && now.x === x) {
          mapFacts.replaceChildren(
            h("b", { class: "value" }, Number.isFinite(value) ? figure(value) : String(value)),
            ` at (y ${y}, x ${x}) of map ${map}`,
          );
        }
      })
      .catch(() => {});
  }

  function drawDrawing(): void {
    const { state } = store;
    const exhibit = room.exhibitOf(state.layer);
    scale.set(state.scale);
    colors.value = state.colors;
    const channels = exhibit?.size[2] ?? 0;
    const range =
      exhibit &&
      rangeAt(
        state.scale === "map" && exhibit.kind === "volume"
          ? (state.channel ?? exhibit.goal.placing.first)
          : channels,
      );
    const reach = range ? Math.max(Math.abs(range.least), Math.abs(range.most)) : 1;
    const signed = range && range.least < 0;
    const vector = exhibit?.kind === "vector";
    threshold.element.classList.toggle("hidden", vector);
    scale.element.classList.toggle("hidden", vector);
    threshold.set(
      state.threshold,
      range ? figure(state.threshold * reach) : `${(100 * state.threshold).toFixed(1)} %`,
    );
    if (range) {
      key.set({
        map: signed ? "polar" : state.colors,
        min: signed ? -reach : 0,
        max: reach,
        unit: "activation",
        hidden: vector ? 0 : state.threshold,
      });
    } else {
      key.set({
        map: state.colors,
        min: 0,
        max: 1,
        unit: "share of the layer’s largest",
        hidden: state.threshold,
      });
    }
    const sentences = [];
    if (exhibit?.kind === "volume") {
      const [space] = exhibit.goal.placing.every;
      if (space > 1) sentences.push(`Drawn: one value in ${space} along each side of a map.`);
      if (state.scale === "map" && state.channel === undefined)
        sentences.push(`Each map on its own scale; the bar is map ${exhibit.goal.placing.first}’s.`);
    } else if (
      !exhibit &&
      room.exhibits.some(({ goal }) => goal.placing.every.some((stride) => stride > 1))
    ) {
      sentences.push("From afar, large layers are drawn with fewer values: open one to see all of them.");
    }
    if (rangeAt(channels)?.strange) sentences.push("NaN and infinite values are not drawn.");
    drawn.textContent = sentences.join(" ");
  }

  function drawAll(): void {
    drawHead();
    drawMaps();
    drawDrawing();
  }

  async function refresh(): Promise<void> {
    const { layer } = store.state;
    const exhibit = room.exhibitOf(layer);
    const buffer = exhibit && room.rangesOf(exhibit.layer);
    ranges = undefined;
    drawAll();
    if (exhibit && buffer && (session.predictions.length > 0 || session.broken)) {
      const read = await session.read(buffer, 0, RANGE * (exhibit.size[2] + 1)).catch(() => undefined);
      if (session.disposed || store.state.layer !== layer) return;
      ranges = read;
    }
    drawAll();
  }

  const stop = session.answered.listen(() => void refresh());
  threshold.input.addEventListener("dblclick", () => store.set({ threshold: roomView.defaults.threshold }));
  return {
    element,
    draw(changed) {
      if (!changed || changed.has("layer")) void refresh();
      else drawAll();
    },
    dispose() {
      stop();
      view.destroy();
    },
  };
}
