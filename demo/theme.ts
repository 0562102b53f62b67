import { useLineColors } from "./room/line-colors.ts";
import type { LookState } from "./state/look.ts";
import type { Store } from "./state/store.ts";

const light = matchMedia("(prefers-color-scheme: light)");

/** The theme that is seen: the chosen one, or the system's. */
export function themeOf(store: Store<LookState>): "light" | "dark" {
  return store.state.theme ?? (light.matches ? "light" : "dark");
}

/** The other theme; nothing is written down where it is the system's. */
export function toggleTheme(store: Store<LookState>): void {
  const next = themeOf(store) === "light" ? "dark" : "light";
  store.set({ theme: (next === "light") === light.matches ? undefined : next });
}

/** Keeps the page in its theme; `redraw` is called when it changed. */
export function followTheme(store: Store<LookState>, redraw: () => void): void {
  const apply = () => {
    const theme = themeOf(store);
    document.documentElement.dataset.theme = theme;
    useLineColors(theme);
    redraw();
  };
  apply();
  light.addEventListener("change", apply);
  store.listen((_, changed) => changed.has("theme") && apply());
}
