import { ATTRIBUTIONS, SEQUENTIAL_MAPS } from "../src/index.ts";
import { FIRST_SAMPLE, isSample } from "./samples.ts";
import { SCALES, type ScaleOfMaps } from "./why/shade.ts";

/** What is looked at: image › layer › channel › voxel. Each level needs the one before. */
export interface Selection {
  readonly layer?: string | undefined;
  readonly channel?: number | undefined;
  readonly y?: number | undefined;
  readonly x?: number | undefined;
}

export type Layout = "stack" | "sheet";
export type Scale = "layer" | "map";

/** Everything that the page can show again from its address. */
export interface State extends Selection {
  /** Name of the picture in the data set; undefined for a picture of one's own. */
  readonly image?: string | undefined;
  /** The first map of those shown of an open layer, or any of the same page, while no map is selected. */
  readonly from?: number | undefined;
  readonly layout: Layout;
  /** 0: one block, 1: every map by itself. */
  readonly explode: number;
  /** Share of the scale below which a voxel is not drawn. */
  readonly threshold: number;
  readonly scale: Scale;
  readonly colors: (typeof SEQUENTIAL_MAPS)[number];
  /** Techniques that were asked why, by their names, in the order of their cards. */
  readonly why: readonly string[];
  /** The output that is asked, by name; undefined: the network's first. */
  readonly output?: string | undefined;
  /** What they are asked about: a class, or the selected channel or voxel; undefined: the top class. */
  readonly target?: number | "unit" | undefined;
  /** A second class beside it; "second": the strongest but the target. */
  readonly versus?: number | "second" | undefined;
  /** The layer whose maps the CAMs weigh; undefined: the last with pixels. */
  readonly weighs?: string | undefined;
  /** Where the colours of the maps end. */
  readonly ends: ScaleOfMaps;
  /** Whether trust is measured beside each map. */
  readonly trust: boolean;
  /** Whether Grad-CAM is shown along the network. */
  readonly along: boolean;
  /** The card whose map lies over the image; undefined: the first. */
  readonly over?: string | undefined;
  /** How strongly maps cover the image, 0 to 1. */
  readonly strength: number;
  /** Undefined: as the system has it. */
  readonly theme?: "light" | "dark" | undefined;
  /** Camera, as its own text. */
  readonly view?: string | undefined;
}

export const DEFAULTS: State = {
  image: FIRST_SAMPLE,
  layout: "sheet",
  explode: 0,
  threshold: 0.1,
  scale: "layer",
  colors: "inferno",
  why: [],
  ends: "robust",
  trust: false,
  along: false,
  strength: 0.75,
};

/** Nothing selected. */
export const UNSELECTED = {
  layer: undefined,
  channel: undefined,
  y: undefined,
  x: undefined,
  from: undefined,
} as const satisfies Partial<State>;

/** What is asked, to be forgotten with the network that it was asked of. */
export const UNASKED = {
  why: [],
  output: undefined,
  target: undefined,
  versus: undefined,
  weighs: undefined,
  over: undefined,
} as const satisfies Partial<State>;

const same = (a: unknown, b: unknown): boolean =>
  a === b ||
  (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => one === b[i]));

type Listener = (state: State, changed: ReadonlySet<keyof State>) => void;

/** One store for the whole page; the room, the panels, the strip and the address all follow it. */
export class Store {
  #state: State = DEFAULTS;
  #admit = (state: State): State => state;
  readonly #listeners = new Set<Listener>();

  get state(): State {
    return this.#state;
  }

  /** Changes some of it and tells everybody what changed. */
  set(change: Partial<State>): void {
    const before = this.#state;
    const wanted = { ...before, ...change };
    // The page of maps that is shown follows the map that is selected, and stays when that is let go.
    if (wanted.channel !== undefined) wanted.from = wanted.channel;
    else if (wanted.layer !== before.layer && !("from" in change)) wanted.from = undefined;
    const next = this.#admit(wanted);
    const keys = Object.keys({ ...before, ...next }) as (keyof State)[];
    const changed = new Set(keys.filter((key) => !same(next[key], before[key])));
    if (changed.size === 0) return;
    this.#state = next;
    for (const listener of this.#listeners) listener(next, changed);
  }

  /** From now on only what `admit` lets through becomes the state; so does what it is now. */
  hold(admit: (state: State) => State, change: Partial<State> = {}): void {
    this.#admit = admit;
    this.set(change);
  }

  /** Selects exactly this, forgetting deeper levels. */
  select({ layer, channel, y, x }: Selection): void {
    this.set({ layer, channel, y, x });
  }

  /** Calls back after each change; returns how to stop. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Whether a change touches what is selected. */
export function selects(changed: ReadonlySet<keyof State>): boolean {
  return ["layer", "channel", "y", "x"].some((key) => changed.has(key as keyof State));
}

/** Depth of the selection: 0 image, 1 layer, 2 channel, 3 voxel. */
export function levelOf({ layer, channel, y }: Selection): 0 | 1 | 2 | 3 {
  if (layer === undefined) return 0;
  if (channel === undefined) return 1;
  return y === undefined ? 2 : 3;
}

const whole = (text: string | null): number | undefined =>
  text !== null && /^\d{1,7}$/.test(text) ? Number(text) : undefined;
const share = (text: string | null, otherwise: number): number => {
  const value = text === null ? Number.NaN : Number(text);
  return value >= 0 && value <= 1 ? value : otherwise;
};
const oneOf = <T extends string>(text: string | null, all: readonly T[], otherwise: T): T =>
  all.find((one) => one === text) ?? otherwise;

/** Reads an address's hash; what it cannot understand takes its default. */
export function fromHash(hash: string): State {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const image = query.get("image") ?? undefined;
  const [y, x] = (query.get("voxel") ?? "").split(",").map((text) => whole(text));
  const layer = query.get("layer") ?? undefined;
  const channel = layer === undefined ? undefined : whole(query.get("channel"));
  const asked = (query.get("why") ?? "").split(",");
  const voxel = channel !== undefined && y !== undefined && x !== undefined;
  return {
    image: isSample(image) ? image : DEFAULTS.image,
    layer,
    channel,
    y: voxel ? y : undefined,
    x: voxel ? x : undefined,
    from: channel ?? (layer === undefined ? undefined : whole(query.get("from"))),
    layout: oneOf(query.get("layout"), ["stack", "sheet"], DEFAULTS.layout),
    explode: share(query.get("explode"), DEFAULTS.explode),
    threshold: share(query.get("threshold"), DEFAULTS.threshold),
    scale: oneOf(query.get("scale"), ["layer", "map"], DEFAULTS.scale),
    colors: oneOf(query.get("colors"), SEQUENTIAL_MAPS, DEFAULTS.colors),
    why: ATTRIBUTIONS.map(({ name }) => name)
      .filter((name) => asked.includes(name))
      .sort((a, b) => asked.indexOf(a) - asked.indexOf(b)),
    output: query.get("output") ?? undefined,
    target: query.get("target") === "unit" ? "unit" : whole(query.get("target")),
    versus: query.get("versus") === "second" ? "second" : whole(query.get("versus")),
    weighs: query.get("weighs") ?? undefined,
    ends: oneOf(query.get("ends"), SCALES, DEFAULTS.ends),
    trust: query.get("trust") === "on",
    along: query.get("along") === "on",
    over: query.get("over") ?? undefined,
    strength: share(query.get("strength"), DEFAULTS.strength),
    theme: (["light", "dark"] as const).find((name) => name === query.get("theme")),
    view: query.get("view") ?? undefined,
  };
}

/** Writes the address's hash; defaults are left out. */
export function toHash(state: State): string {
  const query = new URLSearchParams();
  const put = (name: string, value: string | number | undefined, otherwise?: string | number): void => {
    if (value !== undefined && value !== otherwise) query.set(name, String(value));
  };
  put("image", state.image, DEFAULTS.image);
  put("layer", state.layer);
  put("channel", state.channel);
  if (state.y !== undefined && state.x !== undefined) put("voxel", `${state.y},${state.x}`);
  if (state.channel === undefined) put("from", state.from, 0);
  put("layout", state.layout, DEFAULTS.layout);
  put("explode", Number(state.explode.toFixed(2)), DEFAULTS.explode);
  put("threshold", Number(state.threshold.toFixed(3)), DEFAULTS.threshold);
  put("scale", state.scale, DEFAULTS.scale);
  put("colors", state.colors, DEFAULTS.colors);
  put("why", state.why.join(",") || undefined);
  put("output", state.output);
  put("target", state.target);
  put("versus", state.versus);
  put("weighs", state.weighs);
  put("ends", state.ends, DEFAULTS.ends);
  put("trust", state.trust ? "on" : undefined);
  put("along", state.along ? "on" : undefined);
  put("over", state.over);
  put("strength", Number(state.strength.toFixed(2)), DEFAULTS.strength);
  put("theme", state.theme);
  put("view", state.view);
  return query.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
}
