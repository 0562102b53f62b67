import type { Page } from "puppeteer";

/** Textures and buffers that were made and not destroyed. */
export interface Held {
  readonly textures: number;
  readonly buffers: number;
}

declare const window: { live: { textures: number; buffers: number } };

/** Counts what a page holds on the GPU, from when it is opened on. */
export async function countHeld(page: Page): Promise<void> {
  await page.evaluateOnNewDocument(() => {
    // Where nothing is opened yet there is no GPU either.
    if (!("GPUDevice" in globalThis)) return;
    window.live = { textures: 0, buffers: 0 };
    const count = (name: "createTexture" | "createBuffer", what: "textures" | "buffers") => {
      const create = GPUDevice.prototype[name] as (descriptor: never) => GPUTexture | GPUBuffer;
      GPUDevice.prototype[name] = function (this: GPUDevice, descriptor: never) {
        const made = create.call(this, descriptor);
        const destroy = made.destroy.bind(made);
        let there = true;
        window.live[what]++;
        made.destroy = () => {
          if (there) window.live[what]--;
          there = false;
          destroy();
          return undefined;
        };
        return made;
      } as never;
    };
    count("createTexture", "textures");
    count("createBuffer", "buffers");
  });
}

/** What a page holds when the room rests and all of the sample pictures are drawn. */
export async function heldBy(page: Page): Promise<Held> {
  await page.waitForFunction(() => document.querySelectorAll(".samples canvas").length === 16, {
    polling: 50,
  });
  const now = () => page.evaluate(() => ({ ...window.live }));
  for (let before = await now(); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    const then = await now();
    if (then.textures === before.textures && then.buffers === before.buffers) return then;
    before = then;
  }
}
