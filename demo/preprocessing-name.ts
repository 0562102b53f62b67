import { PREPROCESSINGS, type Preprocessing, type PreprocessingName } from "../src/images.ts";

/** The name of a preprocessing, if it has one. */
export function preprocessingNameOf({ range, mean, std }: Preprocessing): PreprocessingName | undefined {
  const alike = (a: readonly number[], b: readonly number[]) => b.every((value, i) => value === a[i]);
  return (Object.keys(PREPROCESSINGS) as PreprocessingName[]).find((name) => {
    const known = PREPROCESSINGS[name];
    return known.range === range && alike(known.mean, mean) && alike(known.std, std);
  });
}
