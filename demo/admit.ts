import type { State } from "./state.ts";

/** What of a network can be selected and asked about. */
export interface Known {
  readonly exhibits: readonly {
    /** The layer that it shows, and all that it stands for. */
    readonly layer: string;
    readonly stand: { readonly stages: readonly string[] };
    /** H, W, C. */
    readonly size: readonly [number, number, number];
    readonly kind: "picture" | "volume" | "vector";
  }[];
  /** Its outputs, the one that is asked by default first. */
  readonly outputs: readonly { readonly name: string; readonly classes: number }[];
  /** Layers whose maps can be weighed. */
  readonly weighable: readonly string[];
}

/**
 * Lets through what a network has. A layer, map, voxel or class that there is not is taken out of the state, and a
 * sentence for each says so. A layer that another one shows becomes that one.
 */
export function admit(state: State, known: Known): { state: State; refused: string[] } {
  const refused: string[] = [];
  const next = { ...state };
  const drop = (why: string, ...keys: readonly ("layer" | "channel" | "y" | "x" | "from")[]): void => {
    refused.push(why);
    for (const key of keys) next[key] = undefined;
  };
  const exhibit = known.exhibits.find(({ stand }) => stand.stages.includes(state.layer ?? ""));
  const { channel, y, x } = state;
  if (state.layer !== undefined && !exhibit) {
    drop(`There is no layer “${state.layer}” in this network.`, "layer", "channel", "y", "x", "from");
  } else if (exhibit) {
    next.layer = exhibit.layer;
    const [height, width, channels] = exhibit.size;
    const name = exhibit.kind === "picture" ? "The image" : exhibit.layer;
    if (channel !== undefined && exhibit.kind === "picture") {
      drop("The image has no maps to select.", "channel", "y", "x", "from");
    } else if (channel !== undefined && channel >= channels) {
      drop(
        `${name} has ${counted(channels, "map")}; there is no map ${channel}.`,
        "channel",
        "y",
        "x",
        "from",
      );
    } else if (y !== undefined && x !== undefined && (y >= height || x >= width)) {
      drop(`Maps of ${name} have ${height} × ${width} values; there is none at (y ${y}, x ${x}).`, "y", "x");
    }
    if (next.from !== undefined && next.from >= channels) {
      drop(`${name} has ${counted(channels, "map")}; there is no map ${next.from}.`, "from");
    }
  }
  const output = known.outputs.find(({ name }) => name === state.output);
  if (state.output !== undefined && !output) {
    refused.push(`This network has no output “${state.output}”.`);
    next.output = undefined;
  }
  const { classes } = output ?? known.outputs[0] ?? { classes: 0 };
  for (const key of ["target", "versus"] as const) {
    const asked = state[key];
    if (typeof asked !== "number" || asked < classes) continue;
    refused.push(`The output has ${counted(classes, "class", "classes")}; there is no class ${asked}.`);
    next[key] = undefined;
  }
  if (state.weighs !== undefined && !known.weighable.includes(state.weighs)) {
    refused.push(`There is no layer “${state.weighs}” whose maps could be weighed.`);
    next.weighs = undefined;
  }
  return { state: next, refused: [...new Set(refused)] };
}

/** A number of things, and how they are numbered. */
function counted(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? `one ${one}, number 0` : `${count} ${many}, numbered from 0`;
}
