import type { Page } from "puppeteer";
import type { OpenQuestions, State } from "../../demo/questions.ts";
import type { Session } from "../../demo/session.ts";
import type { SliceStore } from "../../demo/state/store.ts";

/** What the page lays open for tests, once its first picture stands; see demo/main.ts. */
export interface OpenPage {
  readonly ready: Promise<void>;
  session(): Session;
  questions(): OpenQuestions;
  readonly store: SliceStore<State>;
}

declare const window: { readonly vitrine: OpenPage };

/** Opens the explorer at a hash and waits for the first picture. */
export async function openAt(page: Page, url: string, hash = ""): Promise<void> {
  await page.goto("about:blank");
  await page.goto(url + (hash ? `#${hash}` : ""));
  await page.evaluate(() => window.vitrine.ready);
}

/** Longest that a page is waited for, in milliseconds: a software adapter is slow, and others may use it. */
export const PATIENCE = 240_000;

/** Waits until the GPU is done and the room has nothing left to draw, in three frames in a row. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let rest = 0; rest < 3; ) {
      await new Promise(requestAnimationFrame);
      const session = window.vitrine.session();
      await session?.device.queue.onSubmittedWorkDone();
      rest = session?.room.resting ? rest + 1 : 0;
    }
  });
}

/** Takes the room's device away, and waits until the room stands on another one. */
export async function loseDevice(page: Page): Promise<void> {
  const lost = await page.evaluateHandle(() => window.vitrine.session().device);
  await page.evaluate((device) => device.destroy(), lost);
  await page.waitForFunction(
    (lost) => {
      const session = window.vitrine.session();
      return session && session.device !== lost && !document.querySelector(".notice");
    },
    { polling: 100 },
    lost,
  );
}

/** A file as a person would drop it. */
export interface Dropped {
  readonly name: string;
  readonly type: string;
  readonly bytes: readonly number[];
}

/** Drops files on the page as a person would. */
export async function drop(page: Page, ...files: readonly Dropped[]): Promise<void> {
  await page.evaluate((dropped) => {
    const dataTransfer = new DataTransfer();
    for (const { name, type, bytes } of dropped) {
      dataTransfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
    }
    dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
  }, files);
}

export const bytesOf = (words: string): number[] => [...new TextEncoder().encode(words)];

/** The text of what a selector finds first. */
export function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => (element.textContent ?? "").trim());
}
