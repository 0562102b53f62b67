import type { TechniqueOption } from "../techniques/attribution/options.ts";
import type { FoolingOption, FoolingTechnique } from "../techniques/robustness/fooling-technique.ts";
import { FOOLINGS } from "../techniques/robustness/list.ts";
import { PICTURE_TECHNIQUES } from "../techniques/synthesis/list.ts";
import type { PictureOption, PictureTechnique } from "../techniques/synthesis/picture-technique.ts";
import type { Option } from "./option.ts";
import { optionOf, plainHelp, usesOf } from "./technique-options.ts";

/** The command line's names for options that the library calls otherwise. */
const NAMES = {
  scale: "ratio",
  optimiser: "optimizer",
  contentWeight: "content-weight",
  styleWeight: "style-weight",
} as const;

type Renamed = keyof typeof NAMES;

/** An option of the command line that sets one of a technique of pictures, or of a way to fool a network. */
export type PictureOptionName = Exclude<PictureOption, Renamed> | (typeof NAMES)[Renamed] | FoolingOption;

/** A technique with options of its own. */
export type WithPictureOptions = Pick<PictureTechnique, "options"> | Pick<FoolingTechnique, "options">;

/** The settings of a technique: the command line's name for each, the technique's, and the definition. */
export function pictureSettings({ options }: WithPictureOptions) {
  return (Object.entries(options) as [PictureOption, TechniqueOption][]).map(([option, definition]) => ({
    name: (option in NAMES ? NAMES[option as Renamed] : option) as PictureOptionName,
    option,
    definition,
  }));
}

/** The options of the command line that set techniques' own, made from their definitions. */
export const PICTURE_OPTIONS: Readonly<Record<PictureOptionName, Option>> = Object.fromEntries(
  Array.from(usesOf([...PICTURE_TECHNIQUES, ...FOOLINGS], pictureSettings), ([name, uses]) => [
    name,
    optionOf(name, uses),
  ]),
) as Record<PictureOptionName, Option>;

/** The options of a technique by the command line's names, for a command that runs it. */
export function pictureOptionNames(technique: WithPictureOptions): PictureOptionName[] {
  return pictureSettings(technique).map(({ name }) => name);
}

/** Help for them, for a command where it is clear which technique has them. */
export function pictureHelp(technique: WithPictureOptions): Partial<Record<PictureOptionName, string>> {
  return Object.fromEntries(
    pictureSettings(technique).map(({ name, definition }) => [name, plainHelp(definition)]),
  );
}
