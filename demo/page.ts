import { h, svg } from "./dom.ts";
import type { Intake } from "./intake.ts";
import { broughtOf, sortFiles } from "./intake.ts";
import { attachKeyboard, up } from "./keyboard.ts";
import { answersPanel } from "./panels/answers.ts";
import { dock } from "./panels/dock.ts";
import { helpDialog } from "./panels/help.ts";
import { imagePanel } from "./panels/image.ts";
import { inspectorPanel } from "./panels/inspector.ts";
import { stripPanel } from "./panels/strip.ts";
import { download } from "./panels/take.ts";
import { tip } from "./panels/tip.ts";
import { whyPanel } from "./panels/why.ts";
import type { Session } from "./session.ts";
import { levelOf, select, selects } from "./state/selection.ts";
import { themeOf, toggleTheme } from "./theme.ts";

const SMALL = matchMedia("(max-width: 820px)");

/** Everything around the room: bar, panels, strip; made for one session. */
export function createPage(session: Session, intake: Intake): { dispose(): void } {
  const { store, room } = session;
  const picker = h("input", { type: "file", multiple: true, class: "hidden", "aria-hidden": "true" });
  picker.addEventListener("change", () => {
    sortFiles(broughtOf(picker.files ?? []), intake);
    picker.value = "";
  });
  const open = () => picker.click();
  const help = helpDialog();
  const fail = (error: unknown) => intake.refuse(error instanceof Error ? error.message : String(error));

  const image = imagePanel(session, open);
  const answers = answersPanel(session);
  const why = whyPanel(session);
  const inspector = inspectorPanel(session);
  const strip = stripPanel(session);
  const pointed = tip(session);
  const answersToWhy = dock(session, fail, () => {
    // On a phone the answers are a sheet of their own.
    if (SMALL.matches && document.body.dataset.sheet === "image") show("why");
  });

  const path = h("nav", { class: "path", "aria-label": "Selection" });
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
  const theme = h("button", {
    class: "quiet wide",
    title: "Light or dark (D)",
    onclick: () => toggleTheme(store),
  });
  const nameTheme = () => {
    theme.textContent = themeOf(store) === "light" ? "Dark" : "Light";
  };
  nameTheme();
  const mark = svg("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" });
  mark.append(svg("path", { d: "M3 7v9h9V7zM3 7l4-4h10v9l-5 4M12 7l5-4" }));
  const bar = h(
    "header",
    { class: "bar" },
    h("h1", {}, mark, "Vitrine"),
    path,
    h("span", { class: "space" }),
    h("button", { class: "quiet", title: "Frame what is selected (F)", onclick: () => room.home() }, "Frame"),
    h("button", { class: "quiet wide", title: "Hide or show the panels (H)", onclick: fold }, "Panels"),
    h(
      "button",
      { class: "quiet wide", title: "Save the room as a picture (P)", onclick: () => void png() },
      "PNG",
    ),
    theme,
    h(
      "button",
      { class: "quiet", title: "Keys (?)", "aria-label": "Keys", onclick: () => help.showModal() },
      "?",
    ),
  );
  const left = h(
    "aside",
    { class: "panel left", "aria-label": "Image and answer" },
    image.element,
    answers.element,
    why.element,
  );
  const right = h("aside", { class: "panel right", "aria-label": "Inspector" }, inspector.element);
  const sheets: readonly (readonly [string, string])[] = [
    ["", "Room"],
    ["image", "Image"],
    ["layer", "Layer"],
    ["why", "Why"],
  ];
  const tabs = h(
    "nav",
    { class: "tabs", "aria-label": "Sheets" },
    ...sheets.map(([sheet, text]) =>
      h("button", { "aria-pressed": String(sheet === ""), onclick: () => show(sheet) }, text),
    ),
  );
  function show(sheet: string): void {
    if (sheet) document.body.dataset.sheet = sheet;
    else delete document.body.dataset.sheet;
    for (const [index, button] of [...tabs.children].entries()) {
      button.setAttribute("aria-pressed", String(sheets[index]?.[0] === sheet));
    }
    resize();
    room.home();
  }
  const parts = [bar, left, right, ...answersToWhy.parts, strip.element, tabs, pointed.element, picker, help];
  document.body.append(...parts);

  function resize(): void {
    const covered = (element: Element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 ? box : undefined;
    };
    const top = 52;
    if (SMALL.matches) {
      const sheet =
        covered(left) ?? covered(right) ?? covered(answersToWhy.element) ?? covered(strip.element);
      room.resize({ top, right: 12, left: 12, bottom: (sheet ? innerHeight - sheet.top : 48) + 40 });
      return;
    }
    const [a, b] = [covered(left), covered(right)];
    const c = covered(answersToWhy.element) ?? covered(strip.element);
    room.resize({
      top,
      left: (a?.right ?? 0) + 24,
      right: (b ? innerWidth - b.left : 0) + 24,
      bottom: (c ? innerHeight - c.top : 0) + 36,
    });
  }

  const drawPath = () => {
    const { state } = store;
    const level = levelOf(state);
    const crumbs: [string, () => void][] = [[session.graph.name, () => select(store, {})]];
    const { layer, channel, y, x } = state;
    if (level >= 1) crumbs.push([layer ?? "", () => select(store, { layer })]);
    if (level >= 2) crumbs.push([`map ${channel}`, () => select(store, { layer, channel })]);
    if (level >= 3) crumbs.push([`(${y}, ${x})`, () => {}]);
    path.replaceChildren(
      ...(level > 0
        ? [
            h(
              "button",
              { class: "quiet back", "aria-label": "One level up", onclick: () => up(session) },
              "‹",
            ),
          ]
        : []),
      ...crumbs.flatMap(([text, go], index) => [
        ...(index > 0 ? [h("span", { class: "chevron" }, "›")] : []),
        h("button", { onclick: go }, text),
      ]),
    );
  };
  drawPath();

  const observer = new ResizeObserver(resize);
  observer.observe(room.canvas);
  observer.observe(answersToWhy.element);
  answersToWhy.draw();
  resize();
  const stops = [
    store.listen((_, changed) => {
      if (selects(changed)) drawPath();
      if (changed.has("theme")) nameTheme();
    }),
    attachKeyboard(session, {
      help: () => help.showModal(),
      why: () => why.ask(),
      png: () => void png(),
      fold,
    }),
  ];
  return {
    dispose() {
      observer.disconnect();
      for (const stop of stops) stop();
      for (const part of [image, answers, why, answersToWhy, inspector, strip, pointed]) part.dispose();
      for (const part of parts) part.remove();
    },
  };
}
