import { readTensor, sizeOf, type Tensor } from "../../gpu/tensor.ts";
import { assertInputsFixed } from "../../network/inputs.ts";
import type { Networks } from "../../network/pool.ts";
import { Objective } from "../../objectives/objective.ts";
import { ascend } from "../../optimise/ascend.ts";
import type { LivePictures } from "../../optimise/climb.ts";
import type { AscentImage } from "../../optimise/image/image.ts";
import { seedOf } from "../../sampling/seed.ts";
import { type Ascended, judge } from "./judge.ts";
import type { SynthesisOptions } from "./options.ts";
import type { AscentsOf, SynthesisPlan, SynthesisRequest, SynthesisSite } from "./plan.ts";
import type { Synthesis } from "./synthesis.ts";
import { asRgb, asUnit, pictureAtSize, sizeFor } from "./unit-pictures.ts";
import { groupsOf, type Unit, unitsOf } from "./wanted.ts";

/** Lets pictures climb by a technique, as many side by side as there is room for, and judges them. */
export async function synthesise<I extends AscentImage>(
  networks: Networks,
  request: SynthesisRequest,
  options: SynthesisOptions,
  technique: AscentsOf<I>,
): Promise<Synthesis> {
  const { name: who } = technique;
  const { graph } = networks;
  const { signal, onProgress, onPicture, every } = options;
  assertInputsFixed(who, graph);
  const seed = seedOf(options.seed, who);
  const shape = sizeFor(who, graph, options.size);
  signal?.throwIfAborted();
  const picture =
    request.picture === undefined
      ? new Float32Array()
      : await pictureAtSize(graph, request.picture, [shape[0], shape[1]]);
  const site: SynthesisSite = { networks, graph, request, shape, picture };
  const plan = technique.plan(site, options);
  const units = (await technique.units?.(site, options)) ?? unitsOf(who, graph, request.objective);

  const live: Float32Array[] = units.map(() => new Float32Array());
  const found = new Map<Unit, Ascended>();
  for (const together of groupsOf(units)) {
    const begun = found.size;
    const ascended = await ascendTogether(networks, together, plan, {
      ...{ shape, seed, signal, every },
      onProgress: onProgress && ((done) => onProgress((begun + done * together.length) / units.length)),
      onPicture:
        onPicture &&
        (({ step, pixels }) => {
          const each = asUnit(pixels, graph, plan.image.range, together.length);
          for (const [n, unit] of together.entries()) live[units.indexOf(unit)] = asRgb(each[n], shape);
          onPicture({ step, pictures: [...live], shape: [shape[0], shape[1], 3] });
        }),
    });
    for (const [n, unit] of together.entries()) found.set(unit, ascended[n] as Ascended);
  }
  const pictures = await judge(
    networks,
    shape,
    units.map((unit) => ({ unit, ...(found.get(unit) as Ascended) })),
    signal,
  );
  return { technique: who, pictures };
}

interface Ascending extends Pick<SynthesisOptions, "signal" | "onProgress" | "every"> {
  readonly shape: SynthesisSite["shape"];
  readonly seed: number;
  readonly onPicture: ((live: LivePictures) => void) | undefined;
}

/** Lets the pictures of some units climb side by side. */
async function ascendTogether<I extends AscentImage>(
  networks: Networks,
  units: readonly Unit[],
  { attention, beside, ...plan }: SynthesisPlan<I>,
  { shape, ...options }: Ascending,
): Promise<Ascended[]> {
  const byNumber = new Map(units.map((unit) => [unit.number, unit]));
  const attended: Float32Array[] = [];
  const keep = async (tensor: Tensor): Promise<void> => {
    const values = (await readTensor(networks.device, tensor)) as Float32Array;
    const each = sizeOf(tensor.shape.slice(1));
    for (let at = 0; at < values.length; at += each) attended.push(values.slice(at, at + each));
  };
  const { pixels, curves, range } = await ascend<I>(
    networks,
    {
      ...plan,
      ...options,
      size: [shape[0], shape[1]],
      numbers: units.map(({ number }) => number),
      objective: (numbers) => {
        const each = numbers.map((number, image) =>
          (byNumber.get(number) as Unit).objective(numbers.length > 1 ? image : undefined),
        );
        return new Objective([...each, ...(beside ? [beside] : [])].flatMap(({ terms }) => terms));
      },
    },
    attention && ((image) => keep(attention(image))),
  );
  return asUnit(pixels, networks.graph, range, units.length).map((own, n) => ({
    pixels: own,
    curve: curves[n] ?? new Float32Array(),
    ...(attended[n] ? { alpha: opacityOf(attended[n]) } : {}),
  }));
}

/** The share of the pixels above which a picture is wholly opaque, as MACO's authors draw it. */
const OPAQUE = 0.8;

/** How much was looked at, as opacity: 1 from the 80th percentile on. */
function opacityOf(attention: Float32Array): Float32Array {
  const top = attention.toSorted()[Math.floor(OPAQUE * (attention.length - 1))] ?? 0;
  return attention.map((value) => (top > 0 ? Math.min(1, value / top) : 1));
}
