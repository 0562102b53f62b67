// What a function sees in a picture: any function from pictures to scores, with no layer that anyone could look into.
import { blackBox, numericalSaliency, occlusion, requestDevice } from "vitrine";
import { createGpu } from "vitrine/node";

const device = await requestDevice(await createGpu());

/** How bright the left half is, and the right: two scores a picture. */
async function scores(batch: Float32Array, count: number): Promise<Float32Array> {
  const found = new Float32Array(2 * count);
  for (const [i, value] of batch.entries()) {
    const at = 2 * Math.floor(i / 16) + (i % 4 < 2 ? 0 : 1);
    found[at] = (found[at] ?? 0) + value;
  }
  return found;
}

const box = await blackBox(device, {
  input: { height: 4, width: 4, channels: 1 },
  scores,
  labels: ["left", "right"],
  head: "softmax",
  preprocessing: "none",
});
const picture = Float32Array.from({ length: 16 }, (_, i) => i);

const { data } = await occlusion(box, picture, { target: "left", patch: 2, stride: 2, fill: 0 });
for (let row = 0; row < 4; row++) console.log(data.slice(4 * row, 4 * row + 4).join(" "));
const slope = await numericalSaliency(box, picture, { target: "left", patch: 2 });
console.log(slope.data.slice(0, 4).map(Math.round).join(" "));

box.destroy();
device.destroy();
