import type { Scope } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { Head } from "../../graph/heads.ts";
import type { Picture } from "../../images/picture.ts";
import type { Pixels } from "../../images/pixels.ts";
import type { Network } from "../../network/network.ts";
import type { Networks } from "../../network/pool.ts";
import type { Paper } from "../attribution/technique.ts";
import type { Prediction } from "../predict.ts";
import type { Goal } from "./goal.ts";
import type { AttackOptionList, AttackOptions } from "./options.ts";

/** An attack on a picture: what was found, and what the network says of it, whether it succeeded or not. */
export interface Attack {
  /** The attack's name, as in `ATTACKS`. */
  readonly technique: string;
  /** The picture that was attacked, at the network's size. */
  readonly original: Pixels;
  /** The picture that was found, rounded to 8 bits. */
  readonly picture: Pixels;
  /** The difference of the two, ten times as strong, around a middle grey. */
  readonly difference: Pixels;
  /** True if the network, run on the rounded picture, says what was wanted. */
  readonly succeeded: boolean;
  /** The class that the picture had. */
  readonly label: number;
  /** The class that was wanted; absent: any other. */
  readonly target?: number;
  /** The network's answer to the picture, and to the one that was found. */
  readonly before: Prediction;
  readonly after: Prediction;
  /** Largest difference of a value, in units of 1/255. */
  readonly linf: number;
  /** Euclidean length of the difference, in units of 1/255. */
  readonly l2: number;
  /** Number of steps that were taken. */
  readonly steps: number;
  readonly notes?: readonly string[];
}

/** Pictures under attack on the GPU, and what an attack needs of the network. Pixels are 0…1, [N, H, W, C]. */
export interface AttackSite {
  readonly who: string;
  readonly network: Network;
  readonly scope: Scope;
  readonly head: Head;
  /** What is to be reached for each picture of the batch. */
  readonly goals: readonly Goal[];
  /** The scores of each picture before the attack. */
  readonly scores: readonly Float32Array[];
  /** The numbers of the pictures among all that are attacked, by which random numbers are drawn. */
  readonly numbers: readonly number[];
  /** The pictures as they were. */
  readonly x0: Tensor;
  /** The pictures as they are; `x0` at first. */
  readonly x: Tensor;
  /** [N, 2]: the loss, which grows towards the goal, and how far beyond the goal a picture is. Written by a pass. */
  readonly losses: Tensor;
  /** Gradient of the loss to `x`, or of what a backward pass began with. */
  readonly gradient: Tensor;
  /** Records a forward pass at `x`. */
  recordForward(encoder: GPUCommandEncoder): void;
  /** Records a backward pass from `network.gradient(head.logits)`, as it stands, to `gradient`. */
  recordBackward(encoder: GPUCommandEncoder): void;
  /**
   * Submits steps one by one; now and then the GPU catches up, and a stop is heard.
   * @param from the first step's number, of `of` in all, where the loop is one of several.
   */
  loop(
    steps: number,
    record: (encoder: GPUCommandEncoder, step: number) => void,
    from?: number,
    of?: number,
  ): Promise<void>;
}

/** What an attack found. */
export interface Found {
  /** Pixels of 0…1, [N, H, W, C]. */
  readonly pixels: Float32Array;
  /** Number of steps of each picture. */
  readonly steps: readonly number[];
}

/** An attack as its file registers it: what a command line, a menu or a table needs of it. */
export interface AttackTechnique {
  /** Short, for a command line: lower case and hyphens. */
  readonly name: string;
  readonly title: string;
  readonly paper: Paper;
  /** One sentence that says what it does. */
  readonly summary: string;
  /** The options that it reads, beside those that all attacks take. */
  readonly options: AttackOptionList;
  /** True where it goes to any other class only. */
  readonly untargetedOnly?: boolean | undefined;
  /**
   * Attacks pictures.
   * @throws InputError for an option out of range; UnsupportedError for an output without classes.
   */
  run(networks: Networks, pictures: Iterable<Picture>, options?: AttackOptions): Promise<Attack[]>;
  /** @internal Checks the options' ranges. @throws InputError */
  check(options: AttackOptions): void;
  /** @internal Attacks the pictures of a batch. */
  find(site: AttackSite, options: AttackOptions): Promise<Found>;
}
