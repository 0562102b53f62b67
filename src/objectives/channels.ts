import { InputError } from "../gpu/errors.ts";
import { asNhwc } from "../gpu/tensor.ts";
import type { PackedTermKind } from "./term.ts";

/** For each image of a batch the mean of a channel of its own. */
export interface ChannelsTerm {
  readonly of: "channels";
  readonly layer: string;
  /** The channel of each image; images beyond have none. */
  readonly channels: readonly number[];
  readonly weight: number;
}

export const channelsTerm: PackedTermKind<ChannelsTerm> = {
  layerOf: ({ layer }) => layer,
  find({ layer, channels, weight }, { shape, views, masks }) {
    const [entries, height, width, count] = asNhwc(shape);
    const images = entries / views;
    if (channels.length === 0 || channels.length > images) {
      throw new InputError(
        `objective channelOfEach at layer "${layer}": expected a channel for each of at most ${images} images, got ${channels.length}`,
      );
    }
    const wrong = channels.find((c) => !(Number.isInteger(c) && c >= 0 && c < count));
    if (wrong !== undefined) {
      throw new InputError(
        `objective channelOfEach at layer "${layer}": expected channels of 0 to ${count - 1}, got ${wrong}`,
      );
    }
    const mask = masks.length;
    for (let n = 0; n < images; n++) masks.push(channels[n] ?? count);
    return { kind: "channelOfEach", mask, weight: weight / (height * width) };
  },
};
