import type { Tensor } from "../../gpu/tensor.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Picture } from "../../images/picture.ts";
import type { Networks } from "../../network/pool.ts";
import type { Objective } from "../../objectives/objective.ts";
import type { AscentOptions } from "../../optimise/ascent.ts";
import type { AscentImage } from "../../optimise/image/image.ts";
import type { NaturalPictures } from "./natural-pictures.ts";
import type { SynthesisOptions } from "./options.ts";
import type { Unit, Wanted } from "./wanted.ts";

/** What a technique can be asked: something in the network to excite, a layer, a picture, natural pictures, a generator network. */
export type Asked = "objective" | "layer" | "picture" | "pictures" | "generator";

/** What is asked of a technique: what its `asks` lists. */
export interface SynthesisRequest {
  /** What the pictures are made for, one picture each. */
  readonly objective?: Wanted | readonly Wanted[] | undefined;
  /** A layer, by name. */
  readonly layer?: string | undefined;
  readonly picture?: Picture | undefined;
  /** Natural pictures. They are seen once, in batches. */
  readonly pictures?: NaturalPictures | undefined;
  /** A network that draws a picture from a code. */
  readonly generator?: Graph | undefined;
}

/** Where a technique makes pictures. */
export interface SynthesisSite {
  readonly networks: Networks;
  readonly graph: Graph;
  readonly request: SynthesisRequest;
  /** Size of the pictures, with the channels of the network's input. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** The picture that was given, [H, W, C] of 0…1 at the size of the pictures. */
  readonly picture: Float32Array;
}

/** How a technique's pictures climb. */
export interface SynthesisPlan<I extends AscentImage = AscentImage>
  extends Pick<AscentOptions<I>, "image" | "optimiser" | "transforms" | "views" | "regularisers" | "rule"> {
  readonly steps: number;
  /** What is added to what is asked for, of each picture by itself: what keeps it regular, or near where it began. */
  readonly beside?: Objective | undefined;
  /** [images, H, W]: how much the objective looked at each pixel. */
  readonly attention?: ((image: I) => Tensor) | undefined;
}

/** The ascents of a technique. */
export interface AscentsOf<I extends AscentImage = AscentImage> {
  readonly name: string;
  /** How the pictures climb. @throws InputError for options out of range. */
  plan(site: SynthesisSite, options: SynthesisOptions): SynthesisPlan<I>;
  /** What the pictures are made for, where that is not the request's objective. */
  units?(site: SynthesisSite, options: SynthesisOptions): Promise<Unit[]>;
}
