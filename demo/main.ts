import {
  type Graph,
  isSoftwareAdapter,
  loadLayersModel,
  logitsOf,
  modelFromFiles,
  requestDevice,
  shapesOf,
  tuneConvolutions,
  VitrineError,
} from "../src/index.ts";
import { attachIntake, type Intake, labelsIn } from "./intake.ts";
import { loadShippedModel } from "./model.ts";
import { notice, toast } from "./notices.ts";
import { createPage } from "./page.ts";
import { pixelsFromFile } from "./pixels.ts";
import { isSample } from "./samples.ts";
import { Session } from "./session.ts";
import { DEFAULTS, fromHash, Store, toHash, UNASKED } from "./state.ts";
import { followTheme } from "./theme.ts";

declare global {
  interface Window {
    /** For tests: resolves when the first picture stands in the room. */
    vitrine: {
      readonly ready: Promise<void>;
      readonly session: () => Session | undefined;
      readonly store: Store;
    };
  }
}

const store = new Store();
store.set(fromHash(location.hash));
const stage = document.getElementById("stage") ?? document.body;
const board = notice();
let current: { session: Session; page: { dispose(): void } } | undefined;
let graph: Graph | undefined;
/** Losses in a row without a picture in between: a device that dies at once is not asked for for ever. */
let losses = 0;

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function close(): void {
  current?.page.dispose();
  current?.session.dispose();
  current = undefined;
}

/** Puts a graph into the room; what stood there before stays until the new one works. */
async function open(device: GPUDevice, next: Graph, intake: Intake): Promise<void> {
  const before = current;
  const shown = before?.session.shown;
  const session = await Session.create(device, next, store, stage);
  if (before) {
    before.page.dispose();
    before.session.dispose();
    if (before.session.graph !== next)
      store.set({
        layer: undefined,
        channel: undefined,
        y: undefined,
        x: undefined,
        ...UNASKED,
        view: undefined,
      });
  }
  graph = next;
  const page = createPage(session, intake);
  current = { session, page };
  session.failed.listen((error) => toast(words(error), true));
  const { state } = store;
  const known = session.room.exhibitOf(state.layer);
  if (state.layer !== undefined && !known) store.select({});
  else if (known && state.channel !== undefined && state.channel >= known.size[2])
    store.select({ layer: state.layer });
  session.room.look(store.state.view);
  if (isSample(state.image)) await session.showSample(state.image);
  else if (shown) await session.show(shown);
  losses = 0;
}

async function start(intake: Intake): Promise<void> {
  const device = await requestDevice();
  void device.lost.then((info) => void recover(info, intake));
  const tuned = tune(device);
  if (!graph) {
    board.progress(0);
    graph = await loadShippedModel((fraction) => board.progress(fraction));
  }
  board.progress(undefined);
  await tuned;
  await open(device, graph, intake);
}

/** A GPU is measured once and remembered; a software adapter would take seconds for it, and has good tiles already. */
async function tune(device: GPUDevice): Promise<void> {
  if (isSoftwareAdapter(device)) return;
  try {
    await tuneConvolutions(device, { store: localStorage });
  } catch {
    // Storage is forbidden, or the device is lost, which is told elsewhere: the usual tiles serve as well.
  }
}

/** The device is gone: everything is made anew on another one, and looks as it did. */
async function recover(info: GPUDeviceLostInfo, intake: Intake): Promise<void> {
  const shown = current?.session.shown;
  close();
  losses++;
  board.say(
    "The GPU went away",
    `${info.message || "The browser gave no reason."}`,
    "Building the room again…",
  );
  if (losses > 3) {
    board.say("The GPU went away", `It was lost ${losses} times in a row. ${info.message}`);
    board.offer("Try again", () => location.reload());
    return;
  }
  try {
    await start(intake);
    const session = current?.session as Session | undefined;
    if (shown && session && !isSample(store.state.image)) await session.show(shown);
    board.done();
    toast("The GPU went away; the room was built again.");
  } catch (error) {
    board.say("The room could not be built again", words(error));
    board.offer("Reload the page", () => location.reload());
  }
}

const intake: Intake = {
  refuse: (message) => toast(message, true),
  picture(file, name) {
    const session = current?.session;
    if (!session) return;
    void pixelsFromFile(file, name).then(
      (pixels) => {
        store.set({ image: undefined });
        return session.show({ title: name || "pasted picture", pixels });
      },
      (error: unknown) => toast(words(error), true),
    );
  },
  model(files) {
    const device = current?.session.device;
    if (!device) return;
    board.say("Loading a network", files.find(({ name }) => /\.json$/i.test(name))?.name ?? "");
    board.progress(undefined);
    void (async () => {
      const loaded = await loadLayersModel(modelFromFiles(files));
      const classes = shapesOf(loaded).get(logitsOf(loaded))?.at(-1) ?? 0;
      const labels = loaded.labels ?? (await labelsIn(files, classes));
      const next = labels ? { ...loaded, labels } : loaded;
      await open(device, next, intake);
      board.done();
      toast(`${next.name}: ${next.layers.length} layers.`);
    })().catch((error: unknown) => {
      board.done();
      toast(words(error), true);
    });
  },
};

async function boot(): Promise<void> {
  if (!navigator.gpu) {
    board.say(
      "This page needs WebGPU",
      "Vitrine computes and draws on the graphics card, and this browser does not let pages do that.",
      "Chrome and Edge 113 or newer can, Safari 26, and Firefox 141 on Windows. On Linux, Chrome may need chrome://flags/#enable-unsafe-webgpu. The page must come over https or from localhost.",
    );
    throw new Error("no WebGPU");
  }
  board.say("Vitrine", "Setting up the network…");
  try {
    await start(intake);
    board.done();
  } catch (error) {
    if (error instanceof VitrineError && error.name === "UnsupportedError" && !graph) {
      board.say(
        "No graphics adapter answered",
        "This browser has WebGPU, but no adapter to run it on.",
        words(error),
      );
    } else board.say("The room could not be built", words(error));
    board.offer("Reload the page", () => location.reload());
    throw error;
  }
}

attachIntake(intake);
followTheme(store, () => current?.session.room.invalidate());
let written = location.hash.slice(1);
let writing = 0;
store.listen(() => {
  clearTimeout(writing);
  writing = window.setTimeout(() => {
    written = toHash(store.state);
    history.replaceState(null, "", written ? `#${written}` : location.pathname + location.search);
  }, 150);
});
addEventListener("hashchange", () => {
  if (location.hash.slice(1) === written) return;
  const state = fromHash(location.hash);
  store.set({ ...DEFAULTS, ...state });
  current?.session.room.look(state.view);
});

const ready = boot();
ready.catch(() => {});
window.vitrine = { ready, session: () => current?.session, store };
