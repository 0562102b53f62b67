/** Keys and what they do: for the list of keys and for the keyboard. */
export interface KeyBinding {
  /** The keys as the list names them. */
  readonly keys: readonly string[];
  readonly does: string;
  /** Actions by key as the browser names it, letters small; with "Shift+" before it for the key with Shift. */
  readonly press: Readonly<Record<string, () => void>>;
}

/** Keys that a control needs itself while it has the focus. */
const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Enter", " "]);

/** True if the control that has the focus needs a key itself. */
function controlTakes(target: Element, key: string): boolean {
  const control = target.closest("input, select, textarea");
  if (control && MOVES.has(key)) return true;
  if (control instanceof HTMLSelectElement && key.length === 1) return true;
  const button = target.closest("button");
  return button !== null && !button.closest(".strip") && (key === " " || key === "Enter");
}

/** Lets the whole page be used by keys. Returns how to stop listening. */
export function attachKeyboard(bindings: readonly KeyBinding[]): () => void {
  const actions = new Map(bindings.flatMap(({ press }) => Object.entries(press)));
  const listen = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (controlTakes(event.target as Element, event.key)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = (event.shiftKey && actions.get(`Shift+${key}`)) || actions.get(key);
    if (!action) return;
    action();
    event.preventDefault();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}
