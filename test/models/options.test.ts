import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { modelFromUrl } from "../../src/models/url.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { kerasLayer, modelOf, sequential } from "./fixtures.ts";

const files = modelOf(sequential([kerasLayer("Flatten", "flat")]), []);

// What an untyped caller may write; nothing of it may be taken in silence.
test.each([
  [
    { fit: "streched" },
    /expected fit of "cover", "stretch", "contain", got "streched"; did you mean "stretch"/,
  ],
  [{ fit: Symbol("fit") }, /expected fit of/],
  [{ preprocessing: 5 }, /expected preprocessing { mean, std }, got 5/],
  [{ preprocessing: { range: 255, mean: ["x"], std: [1] } }, /preprocessing.mean of numbers, got \["x"\]/],
  [{ preprocessing: { range: 255, mean: [0], std: [0] } }, /preprocessing.std of numbers other than 0/],
  [{ preprocessing: { range: 2, mean: [0], std: [1] } }, /preprocessing.range 255 or 1, got 2/],
  [{ preprocessing: { range: 1, mean: [0], std: [1], fit: "cut" } }, /preprocessing.fit of cover/],
  [{ inputShape: 5 }, /expected inputShape of \[height, width, channels\], .* got 5/],
  [{ inputShape: [2, 2] }, /got \[2, 2\]/],
  [{ inputShape: [Number.NaN, 2, 3] }, /got \[NaN, 2, 3\]/],
  [{ inputShape: [-1, 2, 3] }, /got \[-1, 2, 3\]/],
  [{ signal: new AbortController() }, /signal to be an AbortSignal, got an AbortController; give its signal/],
  [{ onProgress: 5 }, /expected onProgress to be a function, got 5/],
  [{ customLayers: 5 }, /expected customLayers to be functions by the names of classes, got 5/],
  [
    { customLayers: { Cast: 5 } },
    /expected customLayers to be functions by the names of classes, got { Cast }/,
  ],
  [{ output: Symbol("flat") }, /expected output to be a name, got Symbol\(flat\)/],
])("loadLayersModel refuses %j", async (options, message) => {
  const loading = loadLayersModel(files, options as never);
  await expect(loading).rejects.toThrow(InputError);
  await expect(loading).rejects.toThrow(message);
});

test("a model's files that were not awaited are said to be", async () => {
  await expect(loadLayersModel(Promise.resolve(files) as never)).rejects.toThrow(/is an await missing/);
});

test.each([undefined, null, 5, {}, Symbol("x"), Promise.resolve("x")])(
  "%o is no address and no path",
  async (x) => {
    expect(() => modelFromUrl(x as never)).toThrow(InputError);
    await expect(modelFromDisk(x as never)).rejects.toThrow(InputError);
  },
);
