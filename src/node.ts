// Vitrine in Node, on Dawn: what the package `vitrine` exports, and files in and out.
export * from "./index.ts";
export { diskFile } from "./node/disk-file.ts";
export { modelFromDisk } from "./node/files.ts";
export { createGpu } from "./node/gpu.ts";
export { decodeImage, imageSize, readImage, writePng } from "./node/image.ts";
export { type AtlasMade, type AtlasOptions, type DissectedLayers, makeAtlas } from "./node/make-atlas.ts";
export { mergeSurveyFolders } from "./node/merge-survey-folders.ts";
export { decodeNpy, encodeNpy, type NpyArray, readNpy, writeNpy } from "./node/npy.ts";
export { type OpenSourceOptions, openSource } from "./node/open-source.ts";
export { type FolderSourceOptions, filesSource, folderSource } from "./node/picture-folders.ts";
export { surveyFeatures } from "./node/survey-features.ts";
export { type PictureRow, pictureRows, readSurvey, SurveyFolder, surveysIn } from "./node/survey-folder.ts";
