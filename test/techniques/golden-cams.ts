import { ablationCam } from "../../src/techniques/ablation-cam.ts";
import { cam } from "../../src/techniques/cam.ts";
import { gradCamPlusPlus } from "../../src/techniques/grad-cam-plus-plus.ts";
import { guidedGradCam } from "../../src/techniques/guided-grad-cam.ts";
import { layerCam } from "../../src/techniques/layer-cam.ts";
import { scoreCam } from "../../src/techniques/score-cam.ts";
import type { Case } from "./golden.ts";

/** Class activation maps: golden/cams.py says how the values were made. */
export const CAMS: readonly Case[] = [
  ["cam", cam, ["tinyvgg"]],
  ["grad-cam-plus-plus", gradCamPlusPlus],
  ["layer-cam", layerCam],
  ["guided-grad-cam", guidedGradCam],
  ["score-cam", scoreCam],
  ["ablation-cam", ablationCam],
];
