import type { Graph, Head, Pixels, Prediction } from "../../src/index.ts";
import type { Emitter } from "../emitter.ts";
import type { State } from "../state/state.ts";
import type { Store } from "../state/store.ts";

/** A picture that was shown, and where it came from. */
export interface Shown {
  readonly title: string;
  readonly pixels: Pixels;
}

/** What questions are about: a network, the picture that it sees, and what it said. */
export interface Scene {
  readonly device: GPUDevice;
  readonly graph: Graph;
  /** The output that is asked, and what its numbers are. */
  readonly head: Head;
  readonly store: Store<State>;
  /** What the network sees, at its own resolution. */
  readonly picture: HTMLCanvasElement;
  /** [H, W, C] of the network's input. */
  readonly inputSize: readonly [number, number, number];
  readonly input: Float32Array;
  readonly shown: Shown | undefined;
  readonly answers: readonly Prediction[];
  readonly shownPicture: Pick<Emitter<Shown>, "listen">;
  readonly answered: Pick<Emitter<readonly Prediction[]>, "listen">;
}
