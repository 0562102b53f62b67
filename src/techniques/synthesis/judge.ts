import { recordCommands } from "../../gpu/command.ts";
import { withScope } from "../../gpu/scope.ts";
import { readTensors } from "../../gpu/tensor.ts";
import { probabilitiesOf } from "../../graph/classes.ts";
import { type Head, headsOf } from "../../graph/heads.ts";
import type { Pixels } from "../../images/pixels.ts";
import { preprocess } from "../../images/preprocess.ts";
import type { Network } from "../../network/network.ts";
import type { Networks } from "../../network/pool.ts";
import { createObjective } from "../../objectives/commands.ts";
import { layersOf } from "../../objectives/terms-by-layer.ts";
import { predictionsOf } from "../predict.ts";
import { rounding, unitOf } from "../robustness/attack-pictures.ts";
import { submit, writeInput } from "../submit.ts";
import type { SyntheticPicture } from "./synthesis.ts";
import { asRgb } from "./unit-pictures.ts";
import type { Unit } from "./wanted.ts";

/** A picture at the end of its ascent. */
export interface Ascended {
  /** [H, W, C], 0…1. */
  readonly pixels: Float32Array;
  readonly curve: Float32Array;
  readonly alpha?: Float32Array;
}

/** A picture of which the standard deviation of the values is less shows one color. */
const GREY = 2 / 255;

/**
 * Judges pictures as files hold them: rounded to 8 bits, brought to the network's size without transforms, run once more.
 */
export async function judge(
  networks: Networks,
  shape: readonly [height: number, width: number, channels: number],
  found: readonly (Ascended & { readonly unit: Unit })[],
  signal: AbortSignal | undefined,
): Promise<SyntheticPicture[]> {
  const { graph } = networks;
  const layers = new Set(found.flatMap(({ unit }) => layersOf(unit.objective(), graph)));
  const network = await networks.temporary({ keep: [...layers], gradients: false });
  try {
    const pictures: SyntheticPicture[] = [];
    for (const { unit, pixels, curve, alpha } of found) {
      signal?.throwIfAborted();
      const [height, width, channels] = shape;
      const rounded = rounding(pixels, { height, width }, channels);
      const { value, ...answer } = await answerOf(network, unit, rounded, channels);
      const about = {
        ...{ name: unit.name, data: asRgb(pixels, shape), shape: [height, width, 3] as const },
        ...{ curve, value, ...answer },
        ...(alpha ? { alpha } : {}),
      };
      pictures.push({ ...about, ...honestly(about) });
    }
    return pictures;
  } finally {
    network.destroy();
  }
}

type Answer = Pick<SyntheticPicture, "value" | "prediction" | "probability">;

async function answerOf(network: Network, unit: Unit, picture: Pixels, channels: number): Promise<Answer> {
  const { device, graph } = network;
  const { preprocessing } = graph;
  writeInput(network, preprocess(picture, { ...graph, preprocessing: { ...preprocessing, fit: "stretch" } }));
  const head = headsOf(graph).find(({ output, logits, name }) =>
    [output, logits, name].includes(unit.output ?? output),
  );
  return withScope(device, "judge", async ({ tensor, command }) => {
    const shape = [1, picture.height, picture.width, channels];
    const x = tensor(shape, { data: unitOf(picture, channels), label: "judged picture" });
    const dx = tensor(shape, { label: "judged picture gradient" });
    const asked = await command(createObjective(network, unit.objective(), { image: { x, dx } }));
    submit(network, (encoder) => {
      network.forward(encoder);
      recordCommands(encoder, [asked.score, asked.imageScore]);
    });
    const read = [asked.values, asked.imageValues, ...(head ? [network.activation(head.logits)] : [])];
    const [values, more, scores] = (await readTensors(device, read)) as Float32Array[];
    return {
      value: (values?.[0] ?? 0) + (more?.[0] ?? 0),
      ...(head && scores && head.kind !== "values" ? classesIn(head, scores, unit) : {}),
    };
  });
}

function classesIn(head: Head, scores: Float32Array, { class: index }: Unit): Omit<Answer, "value"> {
  const [prediction] = predictionsOf(head, scores);
  const probability =
    index === undefined || head.kind === "places" ? undefined : probabilitiesOf(head, scores)?.[index];
  return {
    ...(prediction ? { prediction } : {}),
    ...(probability === undefined ? {} : { probability }),
  };
}

/** What has to be said of a picture that shows nothing. */
function honestly({
  name,
  data,
  curve,
  value,
}: Pick<SyntheticPicture, "name" | "data" | "curve" | "value">): Pick<SyntheticPicture, "dead" | "notes"> {
  const mean = data.reduce((sum, one) => sum + one, 0) / data.length;
  const deviation = Math.sqrt(data.reduce((sum, one) => sum + (one - mean) ** 2, 0) / data.length);
  const still = curve.every((one) => one === curve[0]) && curve.length > 1;
  const notes = [
    ...(value === 0
      ? [`${name} does not fire for this picture, which shows nothing.`]
      : still
        ? [`${name} never changed while the picture climbed, which shows nothing.`]
        : []),
    ...(deviation < GREY ? ["The picture is one color: nothing was found."] : []),
  ];
  return {
    ...(value === 0 || still ? { dead: true } : {}),
    ...(notes.length > 0 ? { notes } : {}),
  };
}
