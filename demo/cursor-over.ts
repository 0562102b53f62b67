import type { Session } from "./session.ts";
import type { InputPixel } from "./subjects.ts";

/** Puts a mark on a picture of the input, over the middle of a pixel. */
export function putAt(
  mark: HTMLElement,
  { y, x }: InputPixel,
  [height, width]: readonly [number, number, ...unknown[]],
): void {
  mark.style.left = `${(100 * (x + 0.5)) / width}%`;
  mark.style.top = `${(100 * (y + 0.5)) / height}%`;
}

/**
 * Moves the cursor that all maps share with the pointer over a picture of the input, and with arrow keys while the element
 * has the focus.
 * @param picture the part of the element that shows the input.
 */
export function cursorOver(element: HTMLElement, picture: Element, { cursor, inputSize }: Session): void {
  const [height, width] = inputSize;
  let at: InputPixel | undefined;
  const point = (y: number, x: number) => {
    at = {
      y: Math.min(height - 1, Math.max(0, Math.floor(y))),
      x: Math.min(width - 1, Math.max(0, Math.floor(x))),
    };
    cursor.emit(at);
  };
  const leave = () => {
    at = undefined;
    cursor.emit(undefined);
  };
  element.addEventListener("pointermove", ({ clientX, clientY }) => {
    const box = picture.getBoundingClientRect();
    point(((clientY - box.top) / box.height) * height, ((clientX - box.left) / box.width) * width);
  });
  element.addEventListener("pointerleave", leave);
  element.addEventListener("blur", leave);
  element.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || event.shiftKey) return;
    const [dy = 0, dx = 0] = step;
    const { y, x } = at ?? { y: Math.floor(height / 2), x: Math.floor(width / 2) };
    point(y + dy, x + dx);
    event.preventDefault();
    event.stopPropagation();
  });
}
