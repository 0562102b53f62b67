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
import { emptinessOf } from "./emptiness.ts";
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
      const answer = await answerOf(network, unit, rounded, channels);
      const made = { name: unit.name, objective: unit.objective(), picture: rounded, curve };
      const { dead, grey, notes } = await emptinessOf(network, made);
      pictures.push({
        ...{ name: unit.name, data: asRgb(pixels, shape), shape: [height, width, 3], curve, ...answer },
        ...(alpha ? { alpha } : {}),
        ...(dead ? { dead } : {}),
        ...(grey ? { grey } : {}),
        ...(notes.length > 0 ? { notes } : {}),
      });
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
