import { whileAlive } from "../../gpu/device.ts";
import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import { withScope } from "../../gpu/scope.ts";
import { type InputColor, inputColorOf } from "../../images/color.ts";
import { coverageOf, type PatchSweep } from "../../kernels/occlusion.ts";
import type { Network, Target } from "../../network/network.ts";
import { Objective } from "../../objectives/objective.ts";
import type { LoopOptions } from "../../sampling/batches.ts";
import { unlimited } from "../../sampling/budget.ts";
import { submitStep } from "../../sampling/submit-step.ts";
import { answer, assertCall } from "../answer.ts";
import { assertAnswer, sameScores } from "../answer-checks.ts";
import {
  type AnyTarget,
  EXPLAIN,
  type Explanation,
  type ObjectiveOptions,
  objectiveOf,
  type Picture,
} from "../question.ts";
import { submit } from "../submit.ts";
import { andThen, first, NONE, numbered, type Prepare, type PrepareSite, readResults } from "./command.ts";
import { createSweep, PATCH, STRIDE, SWEEP, type SweepOptions } from "./occlusion-sweep.ts";
import { FILL, ON } from "./options.ts";
import { attributionTechnique } from "./technique.ts";

export { createOcclusion, type Occlusion } from "./occlusion-sweep.ts";

export interface OcclusionOptions extends ObjectiveOptions, LoopOptions, SweepOptions {
  /** Colour of the patch. Default "mean". */
  readonly fill?: InputColor | undefined;
}

const FIELDS: Fields<OcclusionOptions> = { ...EXPLAIN, ...SWEEP, fill: "may" };

/** A sweep's map, with what is known of it: no value where no patch covers, zero where only rounding differs. */
function known(map: Float32Array, scores: Float32Array, sweep: PatchSweep): Omit<Explanation, "target"> {
  const { height, width, patch, stride } = sweep;
  const same = sameScores(scores);
  const covered = coverageOf(sweep);
  const gaps = covered.reduce((count, one) => count + 1 - one, 0);
  const data = map.map((value, i) => (covered[i] === 0 ? Number.NaN : same ? 0 : value));
  const notes = [
    ...(same ? ["covering any part changes the score by no more than rounding: the map is zero"] : []),
    ...(gaps > 0
      ? [
          `no patch covers ${gaps} of ${map.length} pixels (patch ${patch[0]}, stride ${stride[0]}): their values are NaN`,
        ]
      : []),
  ];
  return {
    ...{ data, shape: [height, width] },
    ...(gaps > 0 ? { gaps } : {}),
    ...(notes.length > 0 ? { notes } : {}),
  };
}

/** Milliseconds that the GPU works before it is waited for. */
const BREATH_MS = 100;

/**
 * Occlusion: how much a class's score, any neurons' activation, or any objective falls when a patch of the image is
 * covered; at each pixel the mean over the patches that cover it, [H, W] (Zeiler & Fergus 2013). Positive where covering
 * hurts; NaN where no patch covers, as often as `gaps` says. Any network will do, of any batch, with gradients or without; one
 * created with `keep: []` sweeps fastest.
 * @throws InputError when an option is out of range, or the sweep does not fit in its memory.
 * @example
 * ```ts
 * import { occlusion } from "vitrine";
 *
 * const { shape, gaps } = await occlusion(network, image, { target: "star", patch: 16, stride: 16 });
 * console.log(shape.join("×"), gaps ?? 0); // 96×96 0
 * ```
 */
export async function occlusion(
  network: Network,
  image: Picture,
  options: OcclusionOptions = {},
): Promise<Explanation> {
  assertCall({ who: "occlusion", fields: FIELDS }, network, options);
  const [found] = await occlusionEach(network, image, [options.target], options);
  return found;
}

/** The same for several targets, whose scores are read off one sweep of patches. */
export function occlusionEach<const T extends readonly (AnyTarget | Objective | undefined)[]>(
  network: Network,
  image: Picture,
  questions: T,
  options: Omit<OcclusionOptions, "target"> = {},
): Promise<{ -readonly [I in keyof T]: Explanation }> {
  return answer(
    network,
    image,
    options,
    (turn, input) =>
      overPatches(turn, input, questions, options) as Promise<{ -readonly [I in keyof T]: Explanation }>,
  );
}

type SweepTarget = AnyTarget | Objective | undefined;

function overPatches(
  network: Network,
  input: Float32Array,
  questions: readonly SweepTarget[],
  options: Omit<OcclusionOptions, "target">,
): Promise<Explanation[]> {
  const { device } = network;
  const { signal, onProgress } = options;
  return withScope(device, "occlusion", async (own) => {
    const ask: PrepareSite["ask"] = (asked) => objectiveOf(network, input, asked);
    const scope = unlimited(network, own);
    const site = { network, input, scope, ask, room: (samples: number) => samples };
    const sweep = await prepareSweep(questions)(site, options);
    signal?.throwIfAborted();
    submit(network, sweep.recordStart);
    // The GPU catches up about every BREATH_MS, so that progress is true and a stop is prompt on any adapter.
    let rested = performance.now();
    let pending = 0;
    let enough = 1;
    for (let step = 0; step < sweep.steps; step++) {
      await submitStep(network, sweep, Math.min(network.batch, sweep.count - step * network.batch));
      if (++pending < enough && step < sweep.steps - 1) continue;
      await whileAlive(device, "occlusion", device.queue.onSubmittedWorkDone());
      signal?.throwIfAborted();
      onProgress?.((step + 1) / sweep.steps);
      const now = performance.now();
      enough = Math.min(64, Math.max(1, Math.floor((pending * BREATH_MS) / (now - rested))));
      [rested, pending] = [now, 0];
    }
    submit(network, sweep.recordEnd);
    const values = await readResults(network, sweep);
    signal?.throwIfAborted();
    onProgress?.(1);
    return sweep.finish(values, input);
  });
}

/** Results, of each target in order, numbered from the second: `map`, [H, W], and `scores`, of the image and each covered one. */
function prepareSweep(
  questions: readonly SweepTarget[],
): Prepare<Omit<OcclusionOptions, "target">, Explanation[]> {
  return async (site, options) => {
    const { network, input, scope } = site;
    const { device, graph } = network;
    const { signal, fill = FILL.default, on, output, region } = options;
    const color = inputColorOf(graph, input, fill, "occlusion fill");
    const targets: (Target | Objective)[] = [];
    const swept: (Target | Objective)[] = [];
    for (const question of questions) {
      const { target, objective } = await site.ask({ target: question, output, region, on, signal });
      targets.push(typeof question === "object" ? question : target);
      // A class that is a channel is read off as such, its probability too.
      swept.push(target instanceof Objective ? objective : target);
    }
    const { recordMap, steps, judged, sweep, ...command } = scope.own(
      await createSweep(network, swept, options),
    );
    device.queue.writeBuffer(command.image.buffer, 0, input.buffer, input.byteOffset, input.byteLength);
    device.queue.writeBuffer(command.fill.buffer, 0, color);
    const [target] = targets;
    if (target === undefined) throw new InputError("occlusion: expected at least one target, got none");
    return {
      ...{ steps, count: sweep.images, scores: [], image: command.image, target },
      recordStart: command.recordStart,
      recordStep: command.recordStep,
      around: command.around,
      recordEnd: recordMap,
      results: Object.fromEntries(
        judged.flatMap(({ map, scores }, i) => [
          [numbered("map", i), map],
          [numbered("scores", i), scores],
        ]),
      ),
      async finish(values) {
        const found: Explanation[] = [];
        for (const [i, target] of targets.entries()) {
          const [map, scores] = [values[numbered("map", i)] ?? NONE, values[numbered("scores", i)] ?? NONE];
          await assertAnswer(network, scores, "its scores");
          found.push({ ...known(map, scores, sweep), target });
        }
        return found;
      },
    };
  };
}

export const OCCLUSION = attributionTechnique({
  name: "occlusion",
  title: "Occlusion",
  paper: { authors: "Zeiler & Fergus", year: 2013, arxiv: "1311.2901" },
  summary: "How far the score falls when a patch of the image is covered",
  shape: "[H,W]",
  kind: "occlusion",
  options: { on: ON, patch: PATCH, stride: STRIDE, fill: FILL },
  forwardOnly: true,
  passes: 196,
  run: occlusion,
  prepare: (site, options) => andThen(prepareSweep([options.target]), first)(site, options),
  runEach: occlusionEach,
});
