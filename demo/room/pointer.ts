import type { OrbitCamera } from "./camera.ts";

export interface PointerHandlers {
  /** The pointer rests or moves over the room; undefined when it left. */
  hover(at: { readonly x: number; readonly y: number } | undefined): void;
  click(at: { readonly x: number; readonly y: number }): void;
  /** The camera was moved by hand. */
  moved(): void;
}

/** The distance that a press may wander and still be a click, in pixels. */
const WANDER = 5;

/**
 * Mouse, pen and fingers on the canvas: drag to orbit, drag with the right button (or shift, or two fingers) to pan,
 * wheel or pinch to come nearer, click to choose.
 */
export function attachPointer(
  element: HTMLElement,
  camera: OrbitCamera,
  { hover, click, moved }: PointerHandlers,
): () => void {
  const down = new Map<number, { x: number; y: number }>();
  let wandered = 0;
  let pans = false;
  const stop = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(
    type: K,
    handler: (event: HTMLElementEventMap[K]) => void,
    options: AddEventListenerOptions = {},
  ) => element.addEventListener(type, handler, { ...options, signal: stop.signal });
  const at = (event: MouseEvent) => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const spread = () => {
    const [a, b] = [...down.values()];
    return a && b
      ? { d: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
      : undefined;
  };

  on("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    if (down.size === 0) wandered = 0;
    down.set(event.pointerId, at(event));
    pans = event.button !== 0 || event.shiftKey;
  });
  on("pointermove", (event) => {
    const here = at(event);
    const before = down.get(event.pointerId);
    if (!before) {
      hover(here);
      return;
    }
    const two = spread();
    down.set(event.pointerId, here);
    wandered += Math.hypot(here.x - before.x, here.y - before.y);
    if (wandered < WANDER) return;
    const now = spread();
    if (two && now) {
      camera.dolly(two.d / Math.max(1, now.d));
      camera.pan(now.x - two.x, now.y - two.y);
    } else if (pans) {
      camera.pan(here.x - before.x, here.y - before.y);
    } else {
      camera.orbit(here.x - before.x, here.y - before.y);
    }
    hover(undefined);
    moved();
  });
  const up = (event: PointerEvent) => {
    const known = down.delete(event.pointerId);
    if (known && down.size === 0 && wandered < WANDER && event.type === "pointerup") click(at(event));
  };
  on("pointerup", up);
  on("pointercancel", up);
  on("pointerleave", () => hover(undefined));
  on("contextmenu", (event) => event.preventDefault());
  on(
    "wheel",
    (event) => {
      event.preventDefault();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 24 : 1;
      camera.dolly(Math.exp(Math.max(-120, Math.min(120, event.deltaY * unit)) * 0.0022));
      moved();
    },
    { passive: false },
  );
  return () => stop.abort();
}
