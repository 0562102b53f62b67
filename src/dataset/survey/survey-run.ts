import { InputError } from "../../gpu/errors.ts";
import { headOf } from "../../graph/heads.ts";
import { readInput } from "../../images/picture.ts";
import type { Network } from "../../network/network.ts";
import { predictionsOf } from "../../techniques/predict.ts";
import type { BrokenPicture, Source, SourcePicture } from "../source.ts";
import { AnswersTally } from "./answers-tally.ts";
import { Clock } from "./clock.ts";
import { LayerTally } from "./layer-tally.ts";
import { rangesOf } from "./ranges.ts";
import type { PassedOver, Shard, SurveyKey, SurveyReport } from "./report.ts";
import type { SurveyOptions } from "./survey-options.ts";
import { type BatchNumbers, createSurveyPass, type SurveyPass } from "./survey-pass.ts";

/** A picture with its values as the network takes them. */
type ReadPicture = SourcePicture & { readonly values: Float32Array };

/** One run of a survey over its source. */
export class Run {
  readonly #network: Network;
  readonly #source: Source;
  readonly #key: SurveyKey;
  readonly #shard: Shard;
  readonly #options: SurveyOptions;
  readonly #tallies: LayerTally[] = [];
  readonly #answers: AnswersTally;
  readonly #broken: PassedOver[];
  #pictures: number;
  #pass: SurveyPass | undefined;
  readonly #clock = new Clock();

  constructor(network: Network, source: Source, key: SurveyKey, shard: Shard, options: SurveyOptions) {
    const { resume } = options;
    this.#network = network;
    this.#source = source;
    this.#key = key;
    this.#shard = shard;
    this.#options = options;
    this.#pictures = resume?.pictures ?? 0;
    this.#broken = [...(resume?.broken ?? [])];
    this.#answers = new AnswersTally(headOf(network.graph, key.settings.output), resume?.answers);
  }

  async report(): Promise<SurveyReport> {
    const { settings } = this.#key;
    const { resume } = this.#options;
    const ranges = settings.bins > 0 ? await this.#ranges() : undefined;
    const pass = await this.#createPass(ranges);
    this.#pass = pass;
    try {
      for (const [n, layer] of settings.layers.entries()) {
        const before = resume?.layers.find((report) => report.layer === layer);
        this.#tallies.push(new LayerTally(layer, pass.shapes[n] ?? [], settings.top, before));
      }
      await this.#goThrough(pass);
      return this.#found(await pass.takeCounts(), true);
    } finally {
      pass.destroy();
    }
  }

  /** Batch after batch: while the network sees one, the next is read, decoded and written. */
  async #goThrough(pass: SurveyPass): Promise<void> {
    const { onCheckpoint, every = 2048 } = this.#options;
    const done = this.#pictures + this.#broken.length;
    const own = this.#shard.n === 1 ? this.#source : this.#source.shard(this.#shard.i, this.#shard.n);
    let pending: (() => Promise<void>) | undefined;
    let since = 0;
    for await (const pictures of this.#batches(own, done, (broken) => this.#passOver(broken))) {
      this.#write(pictures.map(({ values }) => values));
      const numbers = await pass.submit(pictures.length);
      await pending?.();
      pending = async () => this.#take(await this.#clock.during("network", numbers()), pictures);
      since += pictures.length;
      if (onCheckpoint && since >= every) {
        await pending();
        pending = undefined;
        since = 0;
        await onCheckpoint(this.#found(await pass.takeCounts(), false));
      }
      this.#tell(own.count);
    }
    await pending?.();
    this.#tell(own.count);
    if (this.#pictures === 0 && this.#shard.n === 1) throw this.#noPicture();
  }

  async *#batches(
    source: Source,
    from: number,
    passOver: (broken: BrokenPicture) => void,
  ): AsyncGenerator<readonly ReadPicture[]> {
    const { signal, strict = false } = this.#options;
    const ahead = 2 * this.#network.batch;
    const pictures = source.read({ from, signal, ahead, ...(strict ? {} : { onBroken: passOver }) });
    const read = pictures[Symbol.asyncIterator]();
    let batch: ReadPicture[] = [];
    try {
      for (;;) {
        const next = await this.#clock.during("pictures", read.next());
        if (next.done) break;
        signal?.throwIfAborted();
        batch.push({ ...next.value, values: await readInput(this.#network.graph, next.value.pixels) });
        if (batch.length < this.#network.batch) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    } finally {
      await read.return?.();
    }
  }

  #passOver({ index, id, error }: BrokenPicture): void {
    const broken = { index, id, why: error.message };
    this.#broken.push(broken);
    this.#options.onBroken?.(broken);
  }

  #write(inputs: readonly Float32Array[]): void {
    const { device, input } = this.#network;
    let offset = 0;
    for (const values of inputs) {
      device.queue.writeBuffer(input.buffer, offset, values.buffer, values.byteOffset, values.byteLength);
      offset += values.byteLength;
    }
  }

  #take({ layers, scores }: BatchNumbers, pictures: readonly SourcePicture[]): void {
    const { onPicture } = this.#options;
    const head = headOf(this.#network.graph, this.#key.settings.output);
    for (const [n, tally] of this.#tallies.entries()) tally.add(layers[n] ?? new Float32Array(), pictures);
    const each = scores.length / this.#network.batch;
    for (const [n, { index, id, label }] of pictures.entries()) {
      const answer = this.#answers.add(label, predictionsOf(head, scores.subarray(n * each, (n + 1) * each)));
      onPicture?.({ index, id, label, ...answer, features: this.#features(layers, n) });
    }
    this.#pictures += pictures.length;
  }

  #features(layers: readonly Float32Array[], picture: number): Float32Array[] {
    const { settings } = this.#key;
    const { batch } = this.#network;
    return settings.features.map((name) => {
      const own = settings.layers.indexOf(name);
      const values = layers[own] ?? new Float32Array();
      const channels = this.#pass?.shapes[own]?.at(-1) ?? 0;
      const field = (number: number, c: number) => values[(number * batch + picture) * channels + c] ?? 0;
      return Float32Array.from({ length: channels }, (_, c) => field(0, c) + field(1, c));
    });
  }

  #found(counts: Awaited<ReturnType<SurveyPass["takeCounts"]>>, complete: boolean): SurveyReport {
    for (const [n, tally] of this.#tallies.entries()) {
      tally.addCounts(counts[n]?.histogram, counts[n]?.comoments);
    }
    const answers = this.#answers.report();
    return {
      ...this.#key,
      ...{ shard: this.#shard, pictures: this.#pictures, broken: [...this.#broken], complete },
      layers: this.#tallies.map((tally) => tally.report()),
      ...(answers ? { answers } : {}),
    };
  }

  /** The ranges of histograms: those that were given, or of the survey that goes on, or found in the data set's first pictures. */
  async #ranges(): Promise<ReadonlyMap<string, readonly (readonly [number, number])[]>> {
    const { ranges, resume, rangeFrom = 64 } = this.#options;
    if (ranges) return ranges;
    if (resume) return new Map(resume.layers.map(({ layer, histogram }) => [layer, histogram?.ranges ?? []]));
    const { layers, top } = this.#key.settings;
    const pass = await this.#createPass(undefined);
    try {
      const tallies = layers.map((layer, n) => new LayerTally(layer, pass.shapes[n] ?? [], top));
      let left = rangeFrom;
      let seen = false;
      // Pictures that cannot be read are told of when their turn comes.
      for await (const pictures of this.#batches(this.#source, 0, () => {})) {
        this.#write(pictures.map(({ values }) => values));
        const { layers: numbers } = await (await pass.submit(pictures.length))();
        const some = pictures.slice(0, left);
        for (const [n, tally] of tallies.entries()) tally.add(numbers[n] ?? new Float32Array(), some);
        left -= some.length;
        seen = true;
        if (left <= 0) break;
      }
      if (!seen) throw this.#noPicture();
      return new Map(tallies.map((tally) => [tally.layer, rangesOf(tally.report().statistics)]));
    } finally {
      pass.destroy();
    }
  }

  #noPicture(): InputError {
    return new InputError(`survey: expected pictures in ${this.#source.name}, got none that can be read`);
  }

  #createPass(ranges: Parameters<typeof createSurveyPass>[1]["ranges"]): Promise<SurveyPass> {
    const { layers, bins, correlation, output } = this.#key.settings;
    const { logits } = headOf(this.#network.graph, output);
    return createSurveyPass(this.#network, { layers, logits, bins, ranges, correlation });
  }

  #tell(count: number | undefined): void {
    this.#options.onProgress?.({
      done: this.#pictures + this.#broken.length,
      ...(count === undefined ? {} : { count }),
      ...this.#clock.speed(this.#pictures - (this.#options.resume?.pictures ?? 0)),
    });
  }
}
