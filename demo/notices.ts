import { h } from "./dom.ts";

/** Takes away the sentence that stands over the room. */
export function hush(): void {
  document.querySelector(".toast")?.remove();
}

/** A plain sentence over the room that goes away by itself, or when it is closed. */
export function toast(message: string, error = false): void {
  hush();
  const element = h(
    "div",
    { class: error ? "toast error" : "toast", role: error ? "alert" : "status" },
    h("span", {}, message),
    h("button", { class: "quiet", "aria-label": "Close", onclick: () => element.remove() }, "✕"),
  );
  document.body.append(element);
  setTimeout(() => element.remove(), error ? 20_000 : 5000);
}

/** A message in the middle of the page while there is no room. */
export interface Notice {
  say(title: string, ...lines: readonly string[]): void;
  /** A bar; undefined while nobody knows how long. */
  progress(fraction: number | undefined): void;
  /** A way on. */
  offer(text: string, action: () => void): void;
  done(): void;
}

export function notice(): Notice {
  const element = h("div", { class: "notice", role: "status" });
  const bar = h("progress", { max: 1, "aria-label": "Loading" });
  return {
    say(title, ...lines) {
      element.replaceChildren(h("h2", {}, title), ...lines.map((line) => h("p", {}, line)));
      document.body.append(element);
    },
    progress(fraction) {
      if (bar.parentElement !== element) element.append(bar);
      if (fraction === undefined) bar.removeAttribute("value");
      else bar.value = fraction;
    },
    offer(text, action) {
      element.append(h("p", {}, h("button", { class: "primary", onclick: action }, text)));
    },
    done: () => element.remove(),
  };
}
