import { type Command, recordCommands, sequence } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build, type Scope } from "../../gpu/scope.ts";
import { sizeOf, type Tensor } from "../../gpu/tensor.ts";
import { type Graph, otherInputsOf, pictureOf } from "../../graph/graph.ts";
import { type Head, headsOf } from "../../graph/heads.ts";
import {
  createOcclude,
  createOcclusionMap,
  createOcclusionScore,
  type PatchSweep,
  type Score,
  sweepOver,
} from "../../kernels/occlusion.ts";
import { MOST_PATCHES, planIncremental } from "../../network/incremental/plan.ts";
import { createIncrementalSweep } from "../../network/incremental/sweep.ts";
import type { Network, Target } from "../../network/network.ts";
import { Objective } from "../../objectives/objective.ts";
import { termsByLayer } from "../../objectives/terms-by-layer.ts";
import { createObjectiveValues } from "../../objectives/values.ts";
import { budgetOf, bytesOfObjective, MEMORY, type MemoryOptions } from "../../sampling/budget.ts";
import type { PartedStep } from "../../sampling/submit-step.ts";
import { assertScore, EXPLAIN, elementsOfEach } from "../question.ts";
import { ON, type TechniqueOption } from "./options.ts";

/** Options of a sweep. */
export interface SweepOptions extends MemoryOptions {
  /** Side of the square patch, in pixels. Default: a seventh of the image's shorter side. */
  readonly patch?: number | undefined;
  /** Pixels from one patch to the next. Default: half the patch. */
  readonly stride?: number | undefined;
  /** Score of a class. Default "logit". */
  readonly on?: "logit" | "probability" | undefined;
  /**
   * For each patch, compute only the part of each layer that it changes, which gives the same map faster. Default
   * true; false runs whole covered images, a batch of the network's at a time.
   */
  readonly incremental?: boolean | undefined;
}

export const SWEEP: Fields<SweepOptions> = {
  ...MEMORY,
  ...{ patch: "may", stride: "may", on: "may", incremental: "may" },
};

/** Covered patches along the image's shorter side, unless a patch is given. */
const PATCHES_ACROSS = 7;

export const PATCH = {
  type: { kind: "whole", from: 1, to: Number.MAX_SAFE_INTEGER },
  otherwise: `1/${PATCHES_ACROSS} of the image's shorter side`,
  help: "Side of the square patch, in pixels of the network's input.",
} as const satisfies TechniqueOption<number>;

export const STRIDE = {
  type: { kind: "whole", from: 1, to: Number.MAX_SAFE_INTEGER },
  otherwise: "half the patch",
  help: "Pixels from one patch to the next.",
} as const satisfies TechniqueOption<number>;

/** Lays a sweep out over an image. @throws InputError when the patch is larger than the image or the stride is 0. */
export function sweepWith(
  [height, width, channels]: readonly [height: number, width: number, channels: number],
  { patch, stride }: Pick<SweepOptions, "patch" | "stride">,
): PatchSweep {
  const side = patch ?? Math.max(1, Math.round(Math.min(height, width) / PATCHES_ACROSS));
  const step = stride ?? Math.max(1, Math.floor(side / 2));
  return sweepOver([height, width, channels], [side, side], [step, step]);
}

/** The share of the full sweep's work below which an incremental one is worth its buffers. */
const WORTHWHILE = 0.9;

/** An occlusion sweep as a command. */
export interface Occlusion extends OcclusionSweep, OcclusionMap {}

/** Result of a sweep for one target. */
export interface OcclusionMap {
  /** `[sweep.images]`: the objective of the clean image, then of each covered one, row after row of patches. */
  readonly scores: Tensor;
  /** `[H, W]`: the heat map; 0 where no patch covers. */
  readonly map: Tensor;
}

/** A sweep, whatever is asked of it. */
export interface OcclusionSweep {
  readonly sweep: PatchSweep;
  /** `[H, W, C]`: the image, as the network takes it. */
  readonly image: Tensor;
  /** `[C]`: what covers it. */
  readonly fill: Tensor;
  /** Number of times to record `recordStep` before `recordMap`. */
  readonly steps: number;
  /** Multiply-adds of whole covered images, divided by those that an exact map needs; 1 where none can be left out. */
  readonly saving: number;
  /** Records the sweep's beginning, after `image` and `fill` were written. */
  recordStart(encoder: GPUCommandEncoder): void;
  /** Records the next batch of patches. */
  recordStep(encoder: GPUCommandEncoder): void;
  /** What a step records before and after its forward pass, where that is all it is; see `submitStep`. */
  readonly around?: PartedStep["around"];
  /** Records the heat map, after all steps. */
  recordMap(encoder: GPUCommandEncoder): void;
  destroy(): void;
}

/**
 * Prepares a sweep of patches over an image (Zeiler & Fergus 2013, section 4.2). The clean image is computed once, and for
 * every patch what it changes: rectangles that grow from layer to layer, exact to rounding, up to the layers that the
 * objective asks. Where that saves little, or `incremental` is false, whole covered images run through the network
 * instead, a batch at a time.
 * @throws InputError when the patch is larger than the image, the stride is 0, or the target is not in the network.
 */
export async function createOcclusion(
  network: Network,
  target: Target | Objective,
  options: SweepOptions = {},
): Promise<Occlusion> {
  // What `occlusion` takes beside is no mistake: the same object may serve both.
  assertFields("occlusion", options, { ...EXPLAIN, ...SWEEP, fill: "may" });
  const { judged, ...sweep } = await createSweep(network, [target], options);
  const [{ scores, map }] = judged;
  return { ...sweep, scores, map };
}

/** @internal One sweep for several targets. */
export async function createSweep(
  network: Network,
  targets: readonly (Target | Objective)[],
  options: SweepOptions,
): Promise<OcclusionSweep & { readonly judged: readonly [OcclusionMap, ...OcclusionMap[]] }> {
  const { on = ON.default, incremental = true } = options;
  const { device, graph, batch } = network;
  const [height, width, channels] = pictureOf(graph, "occlusion").shape;
  const sweep = sweepWith([height, width, channels], options);
  assertScore(on, "occlusion");
  const probabilityOf = (target: Target): Score["probability"] => {
    if (on === "logit") return undefined;
    const scores = headOfClass(graph, target)?.scores;
    if (scores !== undefined && scores !== "values") return scores;
    throw new InputError(
      `occlusion: expected a class as the target of a probability, got layer "${target.layer}"`,
    );
  };
  for (const target of targets) if (!(target instanceof Objective)) probabilityOf(target);
  const objectives = targets.map((target) => (target instanceof Objective ? target : elementsOfEach(target)));
  const asked = objectives.map((objective) => termsByLayer(network, objective));
  const layers = [...new Set(asked.flatMap((groups) => groups.map(({ layer }) => layer)))];

  const budget = budgetOf(network, "occlusion", options);
  return build(device, "occlusion", async (whole) => {
    const scope: Pick<Scope, "tensor" | "command"> = {
      tensor(shape, { label, ...more } = {}) {
        budget.reserve(4 * sizeOf(shape), `its ${label}`);
        return whole.tensor(shape, { ...more, label: `occlusion ${label}` });
      },
      command: whole.command,
    };
    const { tensor, command } = scope;
    const fill = tensor([channels], { label: "fill" });
    const position = tensor([1], { label: "position", dtype: "u32" });
    const judged: OcclusionMap[] = [];
    const draw: Command[] = [];
    for (const _ of targets) {
      const scores = tensor([sweep.images], { label: "scores" });
      const map = tensor([height, width], { label: "map" });
      budget.reserve(4 * height * width, "its readback");
      judged.push({ scores, map });
      draw.push(await command(createOcclusionMap(device, sweep, { scores, y: map })));
    }
    const [first, ...others] = judged;
    if (!first) throw new InputError("occlusion: expected at least one target, got none");
    /** Writes the objectives of `images` images of the sweep, which lie `step` apart, and advances it. */
    const judge = async (
      at: (layer: string) => Tensor,
      images: number,
      { advance = images, ...order }: { readonly step?: number; readonly advance?: number } = {},
    ): Promise<Command> => {
      const commands: Command[] = [];
      for (const [index, target] of targets.entries()) {
        const { scores } = judged[index] ?? first;
        // The last one moves the sweep on for all.
        const site = { position, scores, ...order, advance: index === targets.length - 1 ? advance : 0 };
        const write = (a: Tensor, score: Score): Promise<Command> =>
          command(createOcclusionScore(device, sweep, score, { a, ...site }));
        if (!(target instanceof Objective)) {
          const { layer, image: _, ...rest } = target;
          const probability = probabilityOf(target);
          commands.push(await write(at(layer), { ...rest, probability }));
          continue;
        }
        const values = tensor([images], { label: "values" });
        commands.push(
          await createObjectiveValues(device, asked[index] ?? [], { at, values }, scope),
          await write({ ...values, shape: [images, 1] }, { channel: 0 }),
        );
      }
      return sequence(commands);
    };
    const common = {
      sweep,
      fill,
      judged: [first, ...others] as const,
      recordMap: (encoder: GPUCommandEncoder) => recordCommands(encoder, draw),
    };

    const bufferBytes = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
    const judging = objectives.map((objective) => bytesOfObjective(objective, MOST_PATCHES));
    const memory = budget.left() - 2 * judging.reduce((sum, bytes) => sum + bytes, 0);
    const plan =
      incremental && !network.outside
        ? planIncremental(graph, sweep, layers, { bufferBytes, memory })
        : undefined;
    if (plan && plan.cost.planned < WORTHWHILE * plan.cost.full) {
      budget.reserve(plan.bytes, "what its patches change");
      const windows = await createIncrementalSweep(
        device,
        plan,
        { fill, position, constants: network.constants },
        whole.own,
      );
      const further = otherInputsOf(graph).filter((input) => plan.layers.includes(input));
      const recordAlive = (encoder: GPUCommandEncoder, commands: readonly Command[], label: string): void => {
        if (network.isDestroyed) throw new InputError(`network "${graph.name}": used after destroy()`);
        recordCommands(encoder, commands, { label: `vitrine occlusion ${label}` });
      };
      const judgeClean = await judge(windows.clean, 1);
      const judgeChunk = await judge(windows.changed, plan.patches, { step: plan.chunks, advance: 1 });
      return {
        ...common,
        image: { ...windows.image, shape: [height, width, channels] },
        steps: plan.chunks,
        saving: plan.cost.full / plan.cost.exact,
        recordStart(encoder: GPUCommandEncoder) {
          encoder.clearBuffer(position.buffer);
          for (const { name, shape } of further) {
            const [from, to] = [network.activation(name).buffer, windows.clean(name).buffer];
            encoder.copyBufferToBuffer(from, 0, to, 0, 4 * sizeOf(shape));
          }
          recordAlive(encoder, [windows.start, judgeClean], "clean");
        },
        recordStep: (encoder: GPUCommandEncoder) => recordAlive(encoder, [windows.step, judgeChunk], "step"),
      };
    }

    const image = tensor([height, width, channels], { label: "image" });
    const occlude = await command(
      createOcclude(device, sweep, { x: image, fill, position, y: network.input }),
    );
    const judgeBatch = await judge((layer) => network.activation(layer), batch);
    return {
      ...common,
      image,
      steps: Math.ceil(sweep.images / batch),
      saving: 1,
      recordStart: (encoder: GPUCommandEncoder) => encoder.clearBuffer(position.buffer),
      around: {
        before: (encoder: GPUCommandEncoder) => recordCommands(encoder, [occlude]),
        after: (encoder: GPUCommandEncoder) => recordCommands(encoder, [judgeBatch]),
      },
      recordStep(encoder: GPUCommandEncoder) {
        recordCommands(encoder, [occlude]);
        network.forward(encoder, { to: layers });
        recordCommands(encoder, [judgeBatch]);
      },
    };
  });
}

/** The head of which a target is one class's logit. */
function headOfClass(graph: Graph, { layer, channel }: Target): Head | undefined {
  if (channel === undefined) return undefined;
  return headsOf(graph).find(({ logits, kind }) => logits === layer && kind !== "places");
}
