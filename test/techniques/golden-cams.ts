import { ablationCam } from "../../src/techniques/attribution/ablation-cam.ts";
import { cam } from "../../src/techniques/attribution/cam.ts";
import { gradCamPlusPlus } from "../../src/techniques/attribution/grad-cam-plus-plus.ts";
import { guidedGradCam } from "../../src/techniques/attribution/guided-grad-cam.ts";
import { layerCam } from "../../src/techniques/attribution/layer-cam.ts";
import { scoreCam } from "../../src/techniques/attribution/score-cam.ts";
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
