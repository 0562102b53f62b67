import { Emitter } from "../emitter.ts";
import { type Growing, growingOf } from "./growing.ts";
import type { StyleNetwork } from "./style-network.ts";

/** The longer side of a camera's picture as it is drawn. */
const LONGEST = 320;
const LONGEST_ON_SOFTWARE = 128;

/** The camera's picture, drawn by a style network, frame by frame. Nothing of it leaves the page. */
export class StyleCamera {
  readonly changed: Emitter<void> = new Emitter();
  /** The last frame. */
  frame: Growing | undefined;
  readonly #style: StyleNetwork;
  readonly #software: boolean;
  #stop: AbortController | undefined;

  constructor(style: StyleNetwork, software: boolean) {
    this.#style = style;
    this.#software = software;
  }

  get runs(): boolean {
    return this.#stop !== undefined;
  }

  /** Draws frames until it is stopped. @throws what the browser or the network refuses. */
  async start(): Promise<void> {
    if (this.#stop) return;
    const stop = new AbortController();
    this.#stop = stop;
    const { signal } = stop;
    let stream: MediaStream | undefined;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: true });
      const video = document.createElement("video");
      Object.assign(video, { srcObject: stream, muted: true, playsInline: true });
      await video.play();
      const scale = Math.min(
        1,
        (this.#software ? LONGEST_ON_SOFTWARE : LONGEST) / Math.max(video.videoWidth, video.videoHeight),
      );
      const small = new OffscreenCanvas(
        Math.round(video.videoWidth * scale),
        Math.round(video.videoHeight * scale),
      );
      const stylist = await this.#style.stylist(small);
      try {
        while (!signal.aborted) {
          small.getContext("2d")?.drawImage(video, 0, 0, small.width, small.height);
          this.frame = growingOf(await stylist.draw(small));
          this.changed.emit();
          await new Promise(requestAnimationFrame);
        }
      } finally {
        stylist.destroy();
      }
    } finally {
      for (const track of stream?.getTracks() ?? []) track.stop();
      if (this.#stop === stop) this.stop();
    }
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.frame = undefined;
    this.changed.emit();
  }
}
