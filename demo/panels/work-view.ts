import { h } from "../dom.ts";
import { isOpen, type Progress } from "../tasks/queue.ts";

/** How far a piece of work has come, with a way to stop it and one to take it up again; hidden when it is done. */
export interface WorkView {
  readonly element: HTMLElement;
  /** @param name the work in words, for a screen reader. */
  draw(progress: Progress, name: string): void;
}

export function workView({
  stop: onStop,
  again,
}: {
  readonly stop: () => void;
  readonly again: () => void;
}): WorkView {
  const bar = h("progress", { max: 1 });
  const says = h("span", {});
  const button = h("button", { class: "small" });
  const element = h("div", { class: "work" }, h("div", { class: "row" }, says, button), bar);
  return {
    element,
    draw(progress, name) {
      element.classList.toggle("hidden", progress.stage === "done");
      bar.classList.toggle("hidden", progress.stage !== "working");
      element.classList.toggle("failed", progress.stage === "failed");
      bar.setAttribute("aria-label", `Progress of ${name}`);
      if (progress.stage === "working") {
        if (progress.fraction === undefined) bar.removeAttribute("value");
        else bar.value = progress.fraction;
        says.textContent =
          progress.fraction === undefined ? "Working…" : `${Math.round(100 * progress.fraction)} %`;
      } else if (progress.stage === "failed") says.textContent = progress.message;
      else says.textContent = progress.stage === "waiting" ? "Waiting" : "Stopped";
      const going = isOpen(progress);
      button.textContent = going ? "Stop" : "Try again";
      button.setAttribute("aria-label", `${button.textContent}: ${name}`);
      button.onclick = going ? onStop : again;
    },
  };
}
