import { encodePng } from "../../src/index.ts";
import { h } from "../dom.ts";
import { download } from "../download.ts";
import { npyOf } from "../npy.ts";
import { imageData } from "../pixels.ts";
import { takeDialog } from "../take-dialog.ts";
import { zoomChoice } from "../zoom-choice.ts";
import type { CardPicture, WantAnswers } from "./answers.ts";
import type { Card, GrownPicture } from "./card.ts";
import { type Growing, pixelsOf } from "./growing.ts";
import { wordsOf } from "./wall-view.ts";

/** Factors by which a saved picture can be larger. */
const ZOOMS = [1, 2, 4, 8] as const;
/** Least side of a picture on a sheet, pixels between two, and of each line under one. */
const TILE = 96;
const GAP = 8;
const LINE = 16;

/** The dialog that saves what a card has grown: pictures, their numbers, the film, the command that makes the same. */
export function saveDialog(
  answers: WantAnswers,
  onError: (error: unknown) => void,
): { show(card: Card): void; dispose(): void } {
  const dialog = takeDialog("Save a picture", onError);
  const told = (work: () => Promise<unknown>) => () => void work().catch(onError);

  const pictureOf = (picture: Growing, title: string, name: string) => {
    const [height, width] = picture.shape;
    const preview = h("img", { alt: title, width: 3 * width, height: 3 * height });
    const zooms = zoomChoice({ width, height }, ZOOMS, 1);
    const png = async () => download(await pngOf(picture, zooms.zoom), `${name}.png`);
    pngOf(picture, 1).then((blob) => {
      preview.src = URL.createObjectURL(blob);
      preview.onload = () => URL.revokeObjectURL(preview.src);
    }, onError);
    return {
      preview,
      saves: [h("button", { class: "primary", onclick: told(png) }, "Save PNG"), ...zooms.elements],
    };
  };

  const sheetOf = (card: Card, title: string, name: string) => {
    const wall = card.ask === "wall";
    const pictures = answers.picturesOf(card);
    const layer = answers.asked.layer ?? "";
    const named = pictures.map((one, n) => (wall ? { ...one, name: wordsOf(answers, layer, n) } : one));
    const sheet = drawSheet(named, wall ? TILE : 0);
    const save = () => sheet.toBlob((blob) => blob && download(blob, `${name}.png`));
    return {
      preview: h("img", { src: sheet.toDataURL(), alt: title }),
      saves: [
        h("button", { class: "primary", onclick: save }, "Save PNG"),
        h("small", {}, `${sheet.width} × ${sheet.height} pixels`),
      ],
    };
  };

  return {
    show(card) {
      const grown = answers.grownOf(card).flatMap(({ pictures }) => pictures);
      const [first, ...others] = grown;
      if (!first) return;
      const { about, growth } = answers.asked;
      const title =
        card.ask === "dream"
          ? `${growth.technique.title}, ${card.title}`
          : card.ask === "fooling"
            ? `${card.title}, ${about}`
            : card.title;
      const name = title.replaceAll(/[^\w]+/g, "-").toLowerCase();
      const { preview, saves } =
        others.length > 0 ? sheetOf(card, title, name) : pictureOf(first, title, name);
      const film = answers.filmOf(card);
      const gif = async () => film && download(await film.gif(first), `${name}.gif`);
      const shape = others.length > 0 ? [grown.length, ...first.shape] : first.shape;
      dialog.show({
        ...{ title, preview },
        saves: [
          ...saves,
          h("span", { class: "grow" }),
          ...(film && film.frames > 1
            ? [h("button", { title: "How it grew, as a film", onclick: told(gif) }, "Save GIF")]
            : []),
          h(
            "button",
            {
              title: `The numbers, 0 to 1, float32, ${shape.join(" × ")}`,
              onclick: () => download(npyOf({ data: together(grown), shape }), `${name}.npy`),
            },
            "Save .npy",
          ),
        ],
        command: card.command(),
        without: "The command line has no name for this unit.",
      });
    },
    dispose: dialog.dispose,
  };
}

/** Pictures of one size, one after another. */
function together(pictures: readonly GrownPicture[]): Float32Array {
  const each = pictures[0]?.data.length ?? 0;
  const data = new Float32Array(each * pictures.length);
  for (const [n, picture] of pictures.entries()) data.set(picture.data, n * each);
  return data;
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

/** Pictures side by side, each with its name and what is said of it; of those that show nothing, the words alone. */
function drawSheet(pictures: readonly CardPicture[], tile: number): HTMLCanvasElement {
  const wall = tile > 0;
  const columns = wall ? Math.max(1, Math.ceil(Math.sqrt(pictures.length * 1.6))) : pictures.length;
  const rows = Math.ceil(pictures.length / columns);
  const [height = 0, width = 0] = pictures.find(({ picture }) => picture)?.picture?.shape ?? [];
  // Names need some room under a small picture.
  const zoom = wall ? tile / width : Math.max(1, Math.ceil(192 / width));
  const [w, y] = [zoom * width, zoom * height];
  const lines = wall ? 1 : 2;
  const canvas = h("canvas", {
    width: columns * (w + GAP) + GAP,
    height: rows * (y + lines * LINE + GAP) + GAP,
  });
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = "#171c22";
  for (const [n, { name, picture }] of pictures.entries()) {
    const left = GAP + (n % columns) * (w + GAP);
    const top = GAP + Math.floor(n / columns) * (y + lines * LINE + GAP);
    const nothing = picture?.nothing;
    const words = [wall && nothing !== undefined ? `${name}, nothing` : name, picture?.says ?? ""];
    for (const [line, text] of words.slice(0, lines).entries()) {
      context.fillText(text, left, top + y + (line + 1) * LINE - 4, w);
    }
    if (!picture || nothing !== undefined) continue;
    const pixels = pixelsOf(picture);
    const own = new OffscreenCanvas(pixels.width, pixels.height);
    own.getContext("2d")?.putImageData(imageData(pixels), 0, 0);
    context.drawImage(own, left, top, w, y);
  }
  return canvas;
}
