import { encodePng } from "../../src/index.ts";
import { h } from "../dom.ts";
import { download } from "../download.ts";
import { npyOf } from "../npy.ts";
import { imageData } from "../pixels.ts";
import { takeDialog } from "../take-dialog.ts";
import { zoomChoice } from "../zoom-choice.ts";
import type { Wall, WantAnswers } from "./answers.ts";
import { dreamCommand, visualizeCommand, wallCommand } from "./command-line.ts";
import { type Growing, pixelsOf } from "./growing.ts";
import { wordsOf } from "./wall-view.ts";

/** Factors by which a saved picture can be larger. */
const ZOOMS = [1, 2, 4, 8] as const;
/** Pixels of a tile, of the space between two, and of the line under one, in the picture of a wall. */
const TILE = 96;
const GAP = 8;
const LINE = 18;

/** The dialog that saves what has grown: the picture, its numbers, the command that makes the same. */
export function saveDialog(
  answers: WantAnswers,
  onError: (error: unknown) => void,
): { dream(): void; deepDream(): void; wall(): void; dispose(): void } {
  const { session } = answers;
  const dialog = takeDialog("Save a picture", onError);

  const show = (picture: Growing, title: string, command: string | undefined) => {
    const name = title.replaceAll(/[^\w]+/g, "-").toLowerCase();
    const [height, width] = picture.shape;
    const preview = h("img", { alt: title, width: 3 * width, height: 3 * height });
    const zooms = zoomChoice({ width, height }, ZOOMS, 1);
    const png = () => pngOf(picture, zooms.zoom).then((blob) => download(blob, `${name}.png`));
    pngOf(picture, 1).then((blob) => {
      preview.src = URL.createObjectURL(blob);
      preview.onload = () => URL.revokeObjectURL(preview.src);
    }, onError);
    const { data, shape } = picture;
    dialog.show({
      title,
      preview,
      saves: [
        h("button", { class: "primary", onclick: () => png().catch(onError) }, "Save PNG"),
        ...zooms.elements,
        h("span", { class: "grow" }),
        h(
          "button",
          {
            title: `The picture’s numbers, 0 to 1, float32, ${shape.join(" × ")}`,
            onclick: () => download(npyOf({ data, shape }), `${name}.npy`),
          },
          "Save .npy",
        ),
      ],
      command,
      without: "The command line has no name for this unit.",
    });
  };

  return {
    dream() {
      const { dream, subject, growth } = answers;
      if (!dream?.found || subject === undefined) return;
      const title = `${growth.technique.title}, ${dream.about}`;
      show(dream.found, title, visualizeCommand(session, subject, growth));
    },
    deepDream() {
      const { deepDream: asked } = answers;
      if (asked?.found) show(asked.found, `DeepDream, ${asked.about}`, dreamCommand(session, asked.about));
    },
    wall() {
      const { wall, wallGrowth } = answers;
      const sheet = wall && sheetOf(answers, wall);
      if (!sheet) return;
      const preview = h("img", { src: sheet.toDataURL(), alt: `The channels of ${wall.layer}` });
      const save = () =>
        sheet.toBlob((blob) => blob && download(blob, `wall-${wall.layer.replaceAll(/[^\w]+/g, "-")}.png`));
      dialog.show({
        title: `All of ${wall.layer}`,
        preview,
        saves: [
          h("button", { class: "primary", onclick: save }, "Save PNG"),
          h("small", {}, `${sheet.width} × ${sheet.height} pixels`),
        ],
        command: wallCommand(session, wall.layer, wallGrowth),
        without: "",
      });
    },
    dispose: dialog.dispose,
  };
}

/** A picture as a PNG file, `zoom` pixels to one of its own, smooth between them. */
async function pngOf(picture: Growing, zoom: number): Promise<Blob> {
  const pixels = pixelsOf(picture);
  if (zoom === 1) return new Blob([await encodePng(pixels)], { type: "image/png" });
  const { width, height } = pixels;
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(imageData(pixels), 0, 0);
  const large = new OffscreenCanvas(zoom * width, zoom * height);
  const context = large.getContext("2d");
  if (context) context.imageSmoothingQuality = "high";
  context?.drawImage(canvas, 0, 0, large.width, large.height);
  return large.convertToBlob({ type: "image/png" });
}

/** A wall as one picture, each tile with its name. */
function sheetOf(answers: WantAnswers, { layer, tiles }: Wall): HTMLCanvasElement {
  const columns = Math.max(1, Math.ceil(Math.sqrt(tiles.length * 1.6)));
  const rows = Math.ceil(tiles.length / columns);
  const canvas = h("canvas", {
    width: columns * (TILE + GAP) + GAP,
    height: rows * (TILE + LINE + GAP) + GAP,
  });
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = "#171c22";
  for (const [n, { channel, picture, dead }] of tiles.entries()) {
    const x = GAP + (n % columns) * (TILE + GAP);
    const y = GAP + Math.floor(n / columns) * (TILE + LINE + GAP);
    context.fillText(
      `${wordsOf(answers, layer, channel)}${dead ? ", does not fire" : ""}`,
      x,
      y + TILE + 12,
      TILE,
    );
    if (!picture || dead) continue;
    const pixels = pixelsOf(picture);
    const own = new OffscreenCanvas(pixels.width, pixels.height);
    own.getContext("2d")?.putImageData(imageData(pixels), 0, 0);
    context.drawImage(own, x, y, TILE, TILE);
  }
  return canvas;
}
