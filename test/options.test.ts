import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as library from "../src/bundle.ts";
import { assertFields, type Fields, nearest } from "../src/gpu/options.ts";
import { testDevice } from "./gpu.ts";
import { chain, random, values } from "./graph/graphs.ts";

const { InputError } = library;

let device: GPUDevice;
let network: library.Network;
const graph = chain();
const image = values(8 * 6 * 3, random(1));

beforeAll(async () => {
  device = await testDevice();
  network = await library.createNetwork(device, graph);
});
afterAll(() => network.destroy());

type Call = (options: never) => unknown;

const first = (found: AsyncIterator<unknown>) => found.next();
const tensor = () => ({ buffer: network.input.buffer, shape: [1, 8, 6, 3], dtype: "f32" as const });
const summary = () => ({ ...tensor(), dtype: "u32" as const });
const pixels = { width: 2, height: 2, data: new Uint8Array(12) };
const site = (more: object) => ({ ...sites(), ...more }) as never;
const sites = () => ({ x: tensor(), y: tensor() });
const map = { map: new Float32Array(4), shape: [2, 2], kind: "occlusion" };

/** Every function of the library that takes an object of options, called with some. */
const CALLS: Readonly<Record<string, Call>> = {
  ablationCam: (o) => library.ablationCam(network, image, o),
  coarseToFine: (o) => library.coarseToFine(network, image, o),
  labelMap: (o) => library.labelMap(network, image, o),
  apgd: (o) => library.apgd(library.createNetworks(device, graph), [image], o),
  carliniWagner: (o) => library.carliniWagner(library.createNetworks(device, graph), [image], o),
  defend: (o) => library.defend(library.createNetworks(device, graph), [], [], o),
  topPatches: (o) => library.topPatches(graph, library.arraySource([{ pixels }]), {} as never, o),
  equivariance: (o) =>
    library.equivariance(library.createNetworks(device, graph), library.arraySource([{ pixels }]), o),
  positionProbe: (o) =>
    library.positionProbe(library.createNetworks(device, graph), library.arraySource([{ pixels }]), o),
  stitching: (o) => {
    const networks = library.createNetworks(device, graph);
    return library.stitching(networks, "conv1", networks, "conv1", library.arraySource([{ pixels }]), o);
  },
  correspondence: (o) =>
    library.correspondence(library.createNetworks(device, graph), pixels, pixels, {
      layer: "conv1",
      ...(o as object),
    }),
  ridgeRegression: (o) => {
    const points = { data: Float32Array.of(1, 2), shape: [2, 1] };
    return library.ridgeRegression(points, points, o);
  },
  cutPatches: (o) =>
    library.cutPatches(graph, library.arraySource([{ pixels }]), {
      ...{ layer: "conv1", places: [] },
      ...(o as object),
    }),
  topByRelevance: (o) =>
    library.topByRelevance(library.createNetworks(device, graph), library.arraySource([{ pixels }]), {
      ...{ layers: ["conv2"] },
      ...(o as object),
    }),
  patchRelevance: (o) =>
    library.patchRelevance(library.createNetworks(device, graph), library.arraySource([{ pixels }]), [], {
      ...{ layer: "conv2" },
      ...(o as object),
    }),
  composePatches: (o) => library.composePatches(o),
  renderPatches: (o) => library.renderPatches(o),
  filterImportance: (o) =>
    library.filterImportance(library.createNetworks(device, graph), library.arraySource([{ pixels }]), {
      ...{ layer: "conv2" },
      ...(o as object),
    }),
  pruningCurve: (o) =>
    library.pruningCurve(library.createNetworks(device, graph), library.arraySource([{ pixels }]), {
      ...{ layer: "conv2" },
      ...(o as object),
    }),
  composeImportance: (o) => library.composeImportance(o),
  renderImportance: (o) => library.renderImportance(o),
  composeDistributions: (o) => library.composeDistributions(o),
  renderDistributions: (o) => library.renderDistributions(o),
  pictureFeatures: (o) =>
    library.pictureFeatures(library.createNetworks(device, graph), library.arraySource([{ pixels }]), o),
  composePictureMap: (o) => library.composePictureMap(o),
  thumbnailsOf: (o) => library.thumbnailsOf(library.arraySource([{ pixels }]), { side: 4, ...(o as object) }),
  pixelNeighbours: (o) =>
    library.pixelNeighbours(graph, library.arraySource([{ pixels }]), image, { k: 1, ...(o as object) }),
  redundancy: (o) => library.redundancy({} as never, o),
  networkTree: (o) =>
    library.networkTree(library.createNetworks(device, graph), library.arraySource([{ pixels }]), o),
  surrogateTree: (o) =>
    library.surrogateTree({ data: Float32Array.of(1, 2), width: 1 }, async () => [0, 0], o),
  syntheticConcepts: (o) => library.syntheticConcepts(device, o),
  dissection: (o) =>
    library.dissection(
      library.createNetworks(device, graph),
      library.arraySource([{ pixels }]),
      async ({ pixels: { width, height } }) => ({ width, height, masks: new Map() }),
      o,
    ),
  performanceBy: (o) =>
    library.performanceBy([{ id: "a", label: "a", answer: "a", right: true, attributes: { x: 1 } }], o),
  corrupt: (o) => library.corrupt(device, pixels, { kind: "fog", severity: 1, ...(o as object) }),
  corruptedSource: (o) =>
    library.corruptedSource(device, library.arraySource([{ pixels }]), {
      ...{ kind: "fog", severity: 1 },
      ...(o as object),
    }),
  errorCurves: (o) =>
    library.errorCurves(library.createNetworks(device, graph), library.arraySource([{ pixels }]), o),
  deepFool: (o) => library.deepFool(library.createNetworks(device, graph), [image], o),
  featureInversion: (o) =>
    library.featureInversion(library.createNetworks(device, graph), pixels, {
      layers: "conv2",
      ...(o as object),
    }),
  gramTexture: (o) =>
    library.gramTexture(library.createNetworks(device, graph), pixels, { layers: "conv2", ...(o as object) }),
  neuralStyle: (o) =>
    library.neuralStyle(library.createNetworks(device, graph), pixels, pixels, {
      ...{ contentLayers: "conv2", styleLayers: "conv2" },
      ...(o as object),
    }),
  accentuation: (o) => library.accentuation(library.createNetworks(device, graph), { class: 1 }, pixels, o),
  caricatureOf: (o) => library.caricatureOf(library.createNetworks(device, graph), "conv2", pixels, o),
  classImage: (o) => library.classImage(library.createNetworks(device, graph), { class: 1 }, o),
  multifaceted: (o) =>
    library.multifaceted(
      library.createNetworks(device, graph),
      { class: 1 },
      [{ name: "a", picture: image }],
      o,
    ),
  featureVisualization: (o) =>
    library.featureVisualization(library.createNetworks(device, graph), { class: 1 }, o),
  maco: (o) => library.maco(library.createNetworks(device, graph), { class: 1 }, o),
  yosinski: (o) => library.yosinski(library.createNetworks(device, graph), { class: 1 }, o),
  foolingImages: (o) => library.foolingImages(library.createNetworks(device, graph), o),
  fgsm: (o) => library.fgsm(library.createNetworks(device, graph), [image], o),
  pgd: (o) => library.pgd(library.createNetworks(device, graph), [image], o),
  alphaNorm: (o) => library.alphaNorm(o as never),
  ascend: (o) => library.ascend(library.createNetworks(device, graph), o),
  caricature: (o) => library.caricature("conv1", [1], o as never),
  directionObjective: (o) => library.directionObjective("conv1", [1], o as never),
  featureDistance: (o) => library.featureDistance("conv1", [1], o as never),
  gramDistance: (o) => library.gramDistance("conv1", [1], o as never),
  imageDistance: (o) => library.imageDistance([1], o as never),
  marginObjective: (o) => library.marginObjective(0, o as never),
  totalVariation: (o) => library.totalVariation(o as never),
  affine: (o) => library.affine([[1, 0, 0, 0, 1, 0]], o),
  cropAndResize: (o) => library.cropAndResize(o),
  flip: (o) => library.flip(o),
  jitter: (o) => library.jitter(1, o),
  macoTransforms: (o) => library.macoTransforms(o),
  noise: (o) => library.noise(o),
  pinnedImage: (o) => library.pinnedImage(library.pixelImage(), o),
  pad: (o) => library.pad(1, o),
  rotate: (o) => library.rotate([1], o),
  scale: (o) => library.scale([1], o),
  blur: (o) => library.blur(o),
  clip: (o) => library.clip(o),
  langevin: (o) => library.langevin(o),
  unitSamples: (o) => library.unitSamples(library.createNetworks(device, graph), { class: 1 }, graph, o),
  denoiseTv: (o) => library.denoiseTv(o),
  project: (o) => library.project(o),
  deepDream: (o) =>
    library.deepDream(
      library.createNetworks(device, graph),
      { data: new Float32Array(12), shape: [2, 2, 3] },
      { layer: "conv1", ...(o as object) },
    ),
  deepDreamZoom: (o) =>
    first(
      library.deepDreamZoom(
        library.createNetworks(device, graph),
        { data: new Float32Array(12), shape: [2, 2, 3] },
        { layer: "conv1", frames: 1, ...(o as object) },
      ),
    ),
  adam: (o) => library.adam(o as never),
  climb: (o) => library.climb({} as never, o),
  createAscent: (o) => library.createAscent(network, o),
  nadam: (o) => library.nadam(o as never),
  normalisedGradient: (o) => library.normalisedGradient(o),
  lbfgs: (o) => library.lbfgs(o as never),
  lbfgsAttack: (o) => library.lbfgsAttack(library.createNetworks(device, graph), [image], o),
  momentum: (o) => library.momentum(o),
  gradientAscent: (o) => library.gradientAscent(o),
  accentuationImage: (o) => library.accentuationImage(o as never),
  cppnImage: (o) => library.cppnImage(o as never),
  ganPrior: (o) =>
    library.ganPrior(
      library.createNetworks(device, graph),
      graph,
      { class: 0 },
      { output: [0, 1], ...(o as object) },
    ),
  inversionByNetwork: (o) =>
    library.inversionByNetwork(library.createNetworks(device, graph), graph, image, {
      layer: "conv1",
      ...(o as object),
    }),
  createStylist: (o) => library.createStylist(library.createNetworks(device, graph), pixels, o),
  stylize: (o) => library.stylize(library.createNetworks(device, graph), pixels, o),
  latentImage: (o) => library.latentImage(graph, o as never),
  fourierImage: (o) => library.fourierImage(o as never),
  macoImage: (o) => library.macoImage(o as never),
  spectrumOf: (o) => library.spectrumOf(device, [], o),
  pixelImage: (o) => library.pixelImage(o as never),
  activations: (o) => library.activations(network, image, { layer: "conv1", ...(o as object) }),
  batchWithin: (o) => library.batchWithin(device, graph, o),
  cam: (o) => library.cam(network, image, o),
  cascadingRandomisation: (o) => library.cascadingRandomisation(network, image, library.saliency, o),
  colorize: (o) => library.colorize([1], { map: "inferno", min: 0, max: 1, ...(o as object) }),
  createActivationGradient: (o) => library.createActivationGradient(device, o),
  createCast: (o) => library.createCast(device, site(o)),
  createClassActivationMap: (o) => library.createClassActivationMap(device, o),
  createCoMoments: (o) => library.createCoMoments(device, o),
  createGram: (o) => library.createGram(device, site(o)),
  createGramGradient: (o) => library.createGramGradient(device, o),
  createHistogram: (o) => library.createHistogram(device, o),
  createHistogramBuffers: (o) => library.createHistogramBuffers(device, 3, o),
  createHistogramRange: (o) => library.createHistogramRange(device, o),
  createIrfft2: (o) => library.createIrfft2(device, site(o)),
  createIrfft2Gradient: (o) => library.createIrfft2Gradient(device, o),
  createLayer: (o) =>
    library.createLayer(
      device,
      { op: "softmax", name: "s", inputs: [] },
      { x: [tensor()], y: tensor(), ...(o as object) },
    ),
  createMoments: (o) => library.createMoments(device, o),
  createNetwork: (o) => library.createNetwork(device, graph, o),
  createNetworks: (o) => library.createNetworks(device, graph, o),
  createOcclusion: (o) => library.createOcclusion(network, { layer: "logits", channel: 0 }, o),
  createRandomisedNetwork: (o) => library.createRandomisedNetwork(network, o),
  createRelevance: (o) => library.createRelevance(network, o),
  createRelu: (o) => library.createRelu(device, site(o)),
  createReluGradient: (o) => library.createReluGradient(device, { a: tensor(), ...(o as object) } as never),
  createRfft2: (o) => library.createRfft2(device, site(o)),
  createRfft2Gradient: (o) => library.createRfft2Gradient(device, o),
  createStatistics: (o) => library.createStatistics(device, o),
  createStatisticsStream: (o) => library.createStatisticsStream(device, tensor(), o),
  createTensor: (o) => library.createTensor(device, [1], o),
  createTimer: (o) => library.createTimer(device, o),
  createTopK: (o) => library.createTopK(device, o),
  deconvnet: (o) => library.deconvnet(network, image, o),
  drawnMap: (o) => library.drawnMap(o),
  createAttribution: (o) => library.createAttribution(network, "saliency", image, o),
  empiricalField: (o) =>
    library.empiricalField(network, [image], { layer: "conv1", channel: 0, ...(o as object) }),
  efrosLeung: (o) =>
    library.efrosLeung(device, { ...pixels, width: 3, height: 3, data: new Uint8Array(27) }, o),
  evolveFoolingImages: (o) => library.evolveFoolingImages(network, o),
  explainEach: (o) => first(library.explainEach(network, [image], "saliency", o)),
  filterCombination: (o) =>
    library.filterCombination(graph, { layer: "conv2", channel: 0, ...(o as object) }),
  filtersOf: (o) => library.filtersOf(graph, o),
  footprintOf: (o) => library.footprintOf(graph, o),
  gradCam: (o) => library.gradCam(network, image, o),
  gradCamPlusPlus: (o) => library.gradCamPlusPlus(network, image, o),
  gradientTimesInput: (o) => library.gradientTimesInput(network, image, o),
  guidedBackprop: (o) => library.guidedBackprop(network, image, o),
  guidedGradCam: (o) => library.guidedGradCam(network, image, o),
  integratedGradients: (o) => library.integratedGradients(network, image, o),
  layerCam: (o) => library.layerCam(network, image, o),
  lime: (o) => library.lime(network, image, o),
  loadGraphModel: (o) =>
    library.loadGraphModel({ name: "m", read: () => Promise.reject(new Error("read")) } as never, o),
  loadLayersModel: (o) =>
    library.loadLayersModel({ name: "m", read: () => Promise.reject(new Error("read")) } as never, o),
  loadModel: (o) =>
    library.loadModel({ name: "m", read: () => Promise.reject(new Error("read")) } as never, o),
  loadOnnxModel: (o) =>
    library.loadOnnxModel({ name: "m", read: () => Promise.reject(new Error("read")) } as never, o),
  localLinear: (o) => library.localLinear(network, image, o),
  lrp: (o) => library.lrp(network, image, o),
  maskOf: (o) => library.maskOf(pixels, new Float32Array(4), o),
  blackBox: (o) => library.blackBox(device, o),
  fromSession: (o) =>
    library.fromSession(
      device,
      { Tensor: class {} },
      { inputNames: ["x"], outputNames: ["y"], run: async () => ({}) },
      o,
    ),
  numericalSaliency: (o) => library.numericalSaliency(network, image, o),
  pca: (o) => library.pca({ data: new Float32Array(4), shape: [2, 2] }, o),
  tsne: (o) => library.tsne(device, { data: new Float32Array(6), shape: [3, 2] }, o),
  createTsne: (o) => library.createTsne(device, { data: new Float32Array(6), shape: [3, 2] }, o),
  snapToGrid: (o) => library.snapToGrid({ data: new Float32Array(4), shape: [2, 2] }, o),
  umap: (o) => library.umap(device, { data: new Float32Array(6), shape: [3, 2] }, o),
  mapQuality: (o) =>
    library.mapQuality(
      device,
      { data: new Float32Array(6), shape: [3, 2] },
      { data: new Float32Array(6), shape: [3, 2] },
      o,
    ),
  nearestNeighbours: (o) =>
    library.nearestNeighbours(device, { data: new Float32Array(4), shape: [2, 2] }, o),
  occlusion: (o) => library.occlusion(network, image, o),
  predict: (o) => library.predict(network, image, o),
  createImageStatistics: (o) =>
    library.createImageStatistics(device, { ...sites(), ...(o as object) } as never),
  survey: (o) =>
    library.survey(
      library.createNetworks(device, graph),
      library.syntheticSource(device, { count: 1, size: 8 }),
      o,
    ),
  predictEach: (o) => first(library.predictEach(network, [image], o)),
  quickshift: (o) => library.quickshift(pixels, o),
  randomiseGraph: (o) => library.randomiseGraph(graph, o),
  readTopK: (o) => library.readTopK(device, summary(), [1, 8, 6, 3], o),
  composeField: (o) => library.composeField(o),
  rasterize: (o) => library.rasterize({ svg: "", width: 1, height: 1 }, o),
  renderField: (o) => library.renderField(o),
  composeFigure: (o) => library.composeFigure(o),
  renderFigure: (o) => library.renderFigure(o),
  composeFilters: (o) => library.composeFilters(o),
  renderFilters: (o) => library.renderFilters(o),
  composeMapSheet: (o) => library.composeMapSheet(o),
  renderMapSheet: (o) => library.renderMapSheet(o),
  composeAttacks: (o) => library.composeAttacks(o),
  renderAttacks: (o) => library.renderAttacks(o),
  composeSynthesis: (o) => library.composeSynthesis(o),
  renderSynthesis: (o) => library.renderSynthesis(o),
  composeWall: (o) => library.composeWall(o),
  renderWall: (o) => library.renderWall(o),
  excitingPictures: (o) =>
    library.excitingPictures(library.createNetworks(device, graph), [library.logit(0)], [], o),
  honestyOf: (o) =>
    library.honestyOf(library.createNetworks(device, graph), { data: image, shape: [8, 6, 3] }, o),
  composeMasks: (o) => library.composeMasks(o),
  composeLabelMap: (o) => library.composeLabelMap(o),
  renderLabelMap: (o) => library.renderLabelMap(o),
  renderMasks: (o) => library.renderMasks(o),
  composeMultiples: (o) => library.composeMultiples(o),
  renderMultiples: (o) => library.renderMultiples(o),
  renderOverlay: (o) => library.renderOverlay(pixels, graph, { ...map, ...(o as object) } as never),
  requestDevice: (o) => library.requestDevice(undefined, o),
  rise: (o) => library.rise(network, image, o),
  saliency: (o) => library.saliency(network, image, o),
  saliencyMask: (o) => library.saliencyMask(network, image, o),
  scoreCam: (o) => library.scoreCam(network, image, o),
  smoothGrad: (o) => library.smoothGrad(network, image, o),
  smoothGradSquared: (o) => library.smoothGradSquared(network, image, o),
  cifarSource: (o) => library.cifarSource(new Uint8Array(3073), o),
  idxSource: (o) => library.idxSource(new Uint8Array(1), o),
  npySource: (o) => library.npySource(new Uint8Array(1), o),
  parquetSource: (o) => library.parquetSource(new Uint8Array(1), o),
  tarSource: (o) => library.tarSource(new Uint8Array(1), o),
  zipSource: (o) => library.zipSource(new Uint8Array(1), o),
  directorySource: (o) => library.directorySource({ kind: "directory" } as never, o),
  filesSourceOf: (o) => library.filesSourceOf([], o),
  sourceOf: (o) => library.sourceOf(o),
  syntheticSource: (o) => library.syntheticSource(device, { count: 1, ...(o as object) }),
  syntheticParts: (o) => first(library.syntheticParts(device, o)),
  syntheticPictures: (o) => first(library.syntheticPictures(device, o)),
  trust: (o) => library.trust(network, image, library.saliency, o),
  trustSummary: (o) => library.trustSummary(network, [image], [], o),
  trustTable: (o) => library.trustTable(network, image, [], o),
  tuneConvolutions: (o) => library.tuneConvolutions(device, o),
  unitMask: (o) => library.unitMask(network, image, { layer: "conv1", channel: 0, ...(o as object) }),
  varGrad: (o) => library.varGrad(network, image, o),
};

/** Functions whose arguments are no options: values, names, and what the library itself gave. */
const PLAIN = new Set(
  `neighbourAccuracy shadedPatch adapterName arraySource attackNamed attributeTable attributionNamed bitDepthDefence
  blurDefence channelMean treeAnswers colorConcepts compareLabellers pictureAttributes wilsonInterval
  channelObjective channelOfEach channelsOf citationOf classColor className classOf
  corruptionError corruptionNamed clipSmallContribution clipSmallNorm clipSmallValue colorMap correlationOf createFrameInput decay
  foolingNamed mergeSurveys pictureTechniqueNamed yosinskiSettings
  createGradCam createObjective createStatisticsSummary createTopKBuffer decoderOf decodeStatistics
  deprocess describeLayer elements emptyStatistics encodePng fixInputs formatBackwardPlan formatTrust
  diversityObjective formsOf furtherInputsOf fuse gramShape guidedMatch headOf headsOf honestCaption inputFrom inputOf inputsOf
  isSoftwareAdapter isUneven jpegDefence labelOf labelsIn layerOf logit logitsOf logProbability lucidTransforms
  mapAtImage maxOverColor meanOf meanSquare measureValue medianDefence memoryOf mergeCoMoments
  mergeHistograms mergeStatistics mergeTopK naturalnessOf modelFromFiles modelFromUrl multiplyAddsOf
  namedPreprocessing naturalMagnitude neuronObjective normObjective parameterLayers parametersOf
  pixelsFromImageData predictionsOf preprocess probabilitiesOf probability readCoMoments readersOf
  readHistogram readInput readPicture readStatistics readTensor readTensors receptiveField
  recordCommands redirectedFor regionObjective reluMaskShape resized shapesNear shapesOf spectrumShape
  summariseTrust sumOverColor synthesisNamed syntheticNames upTo usualDefences varianceOf withAveragePools`
    .trim()
    .split(/\s+/),
);

async function refusal(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("every function of the library", () => {
  test("that takes options is asked here", () => {
    const isClass = (value: unknown) => /^class\b/.test(String(value));
    const functions = Object.entries(library).filter(
      ([, value]) => typeof value === "function" && !isClass(value),
    );
    expect(functions.map(([name]) => name).filter((name) => !CALLS[name] && !PLAIN.has(name))).toEqual([]);
    const names = Object.keys(library);
    expect([...Object.keys(CALLS), ...PLAIN].filter((name) => !names.includes(name))).toEqual([]);
  });

  test.each(Object.entries(CALLS))(
    "%s refuses what it does not know, and no object at all",
    async (_, call) => {
      const unknown = await refusal(() => call({ chanel: 1 } as never));
      expect(unknown).toBeInstanceOf(InputError);
      expect((unknown as Error).message).toMatch(/expected .*, got "chanel"/);
    },
  );

  test.each(library.ATTRIBUTIONS)("$name of the catalogue, too", async ({ run, runEach }) => {
    for (const call of [
      () => run(network, image, { chanel: 1 } as never),
      () => runEach?.(network, image, [0], { chanel: 1 } as never) ?? run(network, image, 7 as never),
    ]) {
      expect(await refusal(call)).toMatchObject({ name: "InputError" });
    }
  });
});

describe("what an untyped caller gets wrong is said", () => {
  const anything = (value: unknown) => value as never;
  const conv = (more: object) => ({
    ...{ op: "conv2d", name: "c", inputs: [], strides: [1, 1], dilations: [1, 1], padding: "same" },
    ...{ w: { shape: [1, 1, 3, 3], data: new Float32Array(9) } },
    ...more,
  });
  const at = () => ({ x: [tensor()] as const, y: tensor() });
  test.each<[string, () => unknown, RegExp]>([
    [
      "a misspelt option",
      () => library.saliency(network, image, anything({ taget: 3 })),
      /^saliency: expected target, .*, got "taget"; did you mean "target"\?/,
    ],
    [
      "a misspelt field of a target",
      () => library.saliency(network, image, { target: anything({ layer: "conv1", chanel: 2 }) }),
      /target: .*got "chanel"; did you mean "channel"\?/,
    ],
    [
      "the same of an objective",
      () => library.elements(anything({ layer: "conv1", chanel: 2 })),
      /did you mean "channel"/,
    ],
    [
      "the same of a backward pass",
      () => network.backward(device.createCommandEncoder(), anything({ layer: "conv1", chanel: 2 })),
      /did you mean "channel"/,
    ],
    [
      "a misspelt value",
      () => library.createGram(device, { ...at(), x: tensor(), normalise: anything("pixel") }),
      /normalise of "none", "pixels", "elements", got "pixel"; did you mean "pixels"\?/,
    ],
    [
      "a network that was not awaited",
      () => library.predict(anything(Promise.resolve(network)), image),
      /^predict: expected a network .*, got a Promise \(is an await missing before it\?\)/,
    ],
    [
      "a GPU that was not awaited",
      () => library.requestDevice(anything(Promise.resolve())),
      /^requestDevice: expected a GPU, .*, got a Promise \(is an await missing before it\?\)/,
    ],
    [
      "a turn without work",
      () => network.inTurn(anything(5)),
      /expected a function to run in its turn, got 5/,
    ],
    [
      "a controller for a signal",
      () => library.saliency(network, image, { signal: anything(new AbortController()) }),
      /^saliency: expected signal to be an AbortSignal, got an AbortController; give its signal/,
    ],
    [
      "a number for a callback",
      () => library.rise(network, image, { onProgress: anything(5) }),
      /^RISE: expected onProgress to be a function, got 5/,
    ],
    ...[Number.NaN, -1, 0, "1", null].map((memory): [string, () => unknown, RegExp] => [
      `a memory of ${memory}`,
      () => library.saliency(network, image, anything({ memory })),
      /^saliency: expected a memory above 0 bytes, got /,
    ]),
    ...[0, -1, Number.NaN, 1.5, "3"].map((top): [string, () => unknown, RegExp] => [
      `a top of ${top}`,
      () => library.predict(network, image, { top: anything(top) }),
      /^predict: expected top to be a whole number of 1 or more, got /,
    ]),
    ...[Symbol("star"), 1n].map((target): [string, () => unknown, RegExp] => [
      `a target that is a ${typeof target}`,
      () => library.gradCam(network, image, { target: anything(target) }),
      /^target: expected a class of 0 to \d or a label, got /,
    ]),
    ...[5, null, { conv1: "gamma" }].map((rules): [string, () => unknown, RegExp] => [
      `rules of ${JSON.stringify(rules)}`,
      () => library.lrp(network, image, { rules: anything(rules) }),
      /^LRP: expected rules by a name or as a list of cases, got /,
    ]),
    ...[5, ["conv1", Symbol("x")], "conv1"].map((keep): [string, () => unknown, RegExp] => [
      `a keep of ${typeof keep}`,
      () => library.createNetwork(device, graph, { keep: anything(keep) }),
      /expected keep to be "all" or a list of layers' names, got /,
    ]),
    ...[undefined, 5, "saliency", {}].map((technique): [string, () => unknown, RegExp] => [
      `a technique of ${JSON.stringify(technique)}`,
      () => library.trust(network, image, anything(technique)),
      /^trust: expected a technique, such as saliency or attributionNamed/,
    ]),
    [
      "measures that are a word",
      () => library.trust(network, image, library.saliency, { measures: anything("insertion") }),
      /^trust: expected measures as a list, got "insertion"/,
    ],
    [
      "a graph before its input",
      () => library.deprocess(anything(graph), anything(image)),
      /^deprocess: expected the network's input and its graph, got \{ name, .* and a Float32Array/,
    ],
    [
      "options that are text",
      () => library.rise(network, image, anything("fast")),
      /RISE: expected an object of .*, got "fast"/,
    ],
    [
      "an address for a device",
      () => library.createNetwork(anything("http://x/model.json"), graph),
      /createNetwork: expected a GPUDevice, got "http:.*modelFromUrl/,
    ],
    [
      "an address for a graph",
      () => library.createNetwork(device, anything("http://x/model.json")),
      /createNetwork: expected a graph, got "http:.*loadLayersModel\(modelFromUrl/,
    ],
    [
      "an address for files",
      () => library.loadLayersModel(anything("http://x/m.json")),
      /expected a model's files, got "http:.*; await loadLayersModel\(modelFromUrl\("http:\/\/x\/m.json"\)\)/,
    ],
    [
      "an address for a network",
      () => library.predict(anything("http://x"), image),
      /predict: expected a network as createNetwork makes it, got "http/,
    ],
    [
      "nothing for a network",
      () => library.gradCam(anything(undefined), image),
      /Grad-CAM: expected a network/,
    ],
    [
      "an address for an image",
      () => library.predict(network, anything("http://x/cat.png")),
      /image: expected pixels .* got text/,
    ],
    [
      "a layer without strides",
      () => library.createLayer(device, anything(conv({ strides: undefined })), at()),
      /conv2d "c": expected strides, got none/,
    ],
    [
      "a layer with a misspelt field",
      () => library.createLayer(device, anything(conv({ stride: [2, 2] })), at()),
      /got "stride"; did you mean "strides"\?/,
    ],
    [
      "a layer of a network, too",
      () =>
        library.createNetwork(device, {
          ...graph,
          layers: graph.layers.map((layer) =>
            layer.op === "conv2d" ? anything({ ...layer, w: undefined }) : layer,
          ),
        }),
      /conv2d "conv1": expected w, got none/,
    ],
    [
      "no site of a layer",
      () => library.createLayer(device, anything(conv({})), anything(undefined)),
      /expected an object of \{ x, y, statistics \}, got undefined/,
    ],
    [
      "a buffer smaller than its shape",
      () =>
        library.createRelu(device, {
          x: { ...tensor(), shape: [1, 8, 6, 30] },
          y: { ...tensor(), shape: [1, 8, 6, 30] },
        }),
      /expected a buffer of at least 5760 bytes for 1×8×6×30 of f32, got 576/,
    ],
    [
      "the same where it is read",
      () => library.readTensor(device, { ...tensor(), shape: [1000] }),
      /read: expected a buffer of at least 4000 bytes/,
    ],
    [
      "an offset into a buffer",
      () => library.createRelu(device, { x: anything({ ...tensor(), offset: 256 }), y: tensor() }),
      /begins where its buffer does, got "offset"/,
    ],
    [
      "a way forward with a misspelt layer",
      () => network.forward(device.createCommandEncoder(), anything({ too: "conv1" })),
      /forward: expected to, after, got "too"; did you mean "to"\?/,
    ],
  ])("%s", async (_, call, message) => {
    const error = await refusal(call);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
  });

  test("and an option that is undefined is none", async () => {
    await expect(
      library.saliency(network, image, anything({ target: 1, chanel: undefined })),
    ).resolves.toBeDefined();
  });
});

test("fields that must be there, and the words that are nearest", () => {
  interface Options {
    readonly mode: "fast" | "good";
    readonly seed?: number;
  }
  const fields: Fields<Options> = { mode: { must: ["fast", "good"] }, seed: "may" };
  expect(() => assertFields("who", {}, fields)).toThrow("who: expected mode, got none");
  expect(() => assertFields("who", { mode: "fest" }, fields)).toThrow(
    'who: expected mode of "fast", "good", got "fest"; did you mean "fast"?',
  );
  expect(() => assertFields("who", { mode: "good", seed: 3 }, fields)).not.toThrow();
  for (const wrong of [null, undefined, 3, "x", [], new Float32Array(2), () => 1]) {
    expect(() => assertFields("who", wrong, fields)).toThrow(
      /who: expected an object of \{ mode, seed \}, got /,
    );
  }
  expect(nearest("chanel", ["layer", "channel"])).toBe("channel");
  expect(nearest("x".repeat(1e6), ["layer"])).toBeUndefined();
});
