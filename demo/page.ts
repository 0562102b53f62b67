import { h, svg } from "./dom.ts";
import { download } from "./download.ts";
import { tellAll } from "./emitter.ts";
import { broughtOf, type Incoming, sortFiles } from "./incoming-files.ts";
import { attachKeyboard } from "./keyboard.ts";
import { pageKeys, roomKeys, subjectKeys } from "./keys.ts";
import { breadcrumb } from "./panels/breadcrumb.ts";
import { imagePanel } from "./panels/image.ts";
import { inputsPanel } from "./panels/inputs.ts";
import { inspectorPanel } from "./panels/inspector.ts";
import { keysDialog } from "./panels/keys-dialog.ts";
import type { MountedPanel, Panel, Place } from "./panels/panel.ts";
import { predictionsPanel } from "./panels/predictions.ts";
import { stripPanel } from "./panels/strip.ts";
import { tooltip } from "./panels/tooltip.ts";
import type { OpenQuestion } from "./question.ts";
import type { Session } from "./session.ts";
import { createSheets } from "./sheets.ts";
import { themeOf, toggleTheme } from "./theme.ts";

/** The panels that belong to no question; of those at one place, the first stands highest, and questions' after them. */
const PANELS: readonly Panel[] = [
  breadcrumb,
  imagePanel,
  inputsPanel,
  predictionsPanel,
  inspectorPanel,
  tooltip,
];

/** Height of the bar over the room, in pixels. */
const BAR = 52;

/** Everything around the room: the bar, and the panels of the page and of its questions; made for one session. */
export function createPage(
  session: Session,
  questions: readonly OpenQuestion[],
  incoming: Incoming,
): { dispose(): void } {
  const { store, room } = session;
  const picker = h("input", { type: "file", multiple: true, class: "hidden", "aria-hidden": "true" });
  picker.addEventListener("change", () => {
    sortFiles(broughtOf(picker.files ?? []), incoming);
    picker.value = "";
  });
  const fail = (error: unknown) => incoming.refuse(error instanceof Error ? error.message : String(error));
  const png = async () => {
    try {
      const blob = await room.png(getComputedStyle(document.body).backgroundColor);
      download(blob, `vitrine-${store.state.layer ?? session.graph.name}.png`);
    } catch (error) {
      fail(error);
    }
  };
  const fold = () => {
    document.body.classList.toggle("folded");
    resize();
  };
  const keys = [
    ...roomKeys(session),
    ...questions.flatMap((question) => question.keys),
    ...subjectKeys(session),
    ...pageKeys(session, { fold, png: () => void png(), help: () => help.showModal() }),
  ];
  const help = keysDialog(keys);

  const left = h("aside", { class: "panel left", "aria-label": "Image and answer" });
  const right = h("aside", { class: "panel right", "aria-label": "Inspector" });
  const sheets = createSheets([
    ["Image", left],
    ["Layer", right],
  ]);

  // The strip is the lowest of the panels under the room.
  const panels = [...PANELS, ...questions.flatMap((question) => question.panels), stripPanel];
  const mounted = panels.map((panel) => {
    const tab = panel.place === "bottom" && panel !== stripPanel ? panel.title : undefined;
    const inPage: MountedPanel = panel.mount({
      session,
      openFiles: () => picker.click(),
      fail,
      show(shown) {
        inPage.element.classList.toggle("hidden", !shown);
        if (tab) sheets.offer(tab, shown);
      },
      bringForward: () => tab && sheets.bringForward(tab),
    });
    if (tab) sheets.add(tab, inPage.element);
    return { ...panel, ...inPage };
  });
  const at = (place: Place) => mounted.filter((panel) => panel.place === place).map(({ element }) => element);
  left.append(...at("left"));
  right.append(...at("right"));
  const bottom = at("bottom");

  const theme = h("button", { class: "quiet wide", title: "Light or dark (D)" });
  theme.addEventListener("click", () => toggleTheme(store));
  const nameTheme = () => {
    theme.textContent = themeOf(store) === "light" ? "Dark" : "Light";
  };
  nameTheme();
  const button = (text: string, title: string, onclick: () => void, wide = true) =>
    h("button", { class: wide ? "quiet wide" : "quiet", title, onclick }, text);
  const mark = svg("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" });
  mark.append(svg("path", { d: "M3 7v9h9V7zM3 7l4-4h10v9l-5 4M12 7l5-4" }));
  const question = button("?", "Keys (?)", () => help.showModal(), false);
  question.setAttribute("aria-label", "Keys");
  const bar = h(
    "header",
    { class: "bar" },
    h("h1", {}, mark, "Vitrine"),
    ...at("bar"),
    h("span", { class: "space" }),
    button("Frame", "Frame what is selected (F)", () => room.home(), false),
    button("Panels", "Hide or show the panels (H)", fold),
    button("PNG", "Save the room as a picture (P)", () => void png()),
    theme,
    question,
  );
  const parts = [bar, left, right, ...bottom, sheets.tabs, ...at("over"), picker, help];
  document.body.append(...parts);

  function resize(): void {
    const covered = (element: Element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 ? box : undefined;
    };
    const [a, b] = [covered(left), covered(right)];
    const tops = bottom.flatMap((element) => covered(element)?.top ?? []);
    const highest = tops.length > 0 ? Math.min(...tops) : innerHeight;
    if (sheets.small) {
      const sheet = (a ?? b)?.top ?? (tops.length > 0 ? highest : innerHeight - 48);
      room.resize({ top: BAR, right: 12, left: 12, bottom: innerHeight - sheet + 40 });
      return;
    }
    room.resize({
      top: BAR,
      left: (a?.right ?? 0) + 24,
      right: (b ? innerWidth - b.left : 0) + 24,
      bottom: innerHeight - highest + 36,
    });
  }

  // A panel that cannot draw leaves the others standing.
  const draw = (panels: readonly MountedPanel[], ...changed: Parameters<NonNullable<MountedPanel["draw"]>>) =>
    tellAll(panels.map((panel) => () => panel.draw?.(...changed)));
  draw(mounted);
  const observer = new ResizeObserver(resize);
  for (const element of [room.canvas, ...bottom]) observer.observe(element);
  resize();
  const stops = [
    store.listen((_, changed) => {
      const concerned = ({ needs }: Panel) =>
        needs.some(({ defaults }) =>
          Object.keys(defaults).some((key) => changed.has(key as keyof typeof store.state)),
        );
      draw(mounted.filter(concerned), changed);
      if (changed.has("theme")) nameTheme();
    }),
    sheets.changed.listen(() => {
      resize();
      room.home();
    }),
    attachKeyboard(keys),
  ];
  return {
    dispose() {
      observer.disconnect();
      for (const stop of stops) stop();
      for (const panel of mounted) panel.dispose();
      for (const part of parts) part.remove();
    },
  };
}
