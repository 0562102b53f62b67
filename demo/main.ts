import { headsOf } from "../src/graph.ts";
import {
  type Graph,
  isSoftwareAdapter,
  loadModel,
  modelFromFiles,
  readPicture,
  requestDevice,
  VitrineError,
} from "../src/index.ts";
import { labelsIn } from "../src/models.ts";
import { tuneConvolutions } from "../src/network.ts";
import { CurrentSession } from "./current-session.ts";
import { type Brought, type Incoming, isModel, listenForFiles } from "./incoming-files.ts";
import { modelName } from "./model-name.ts";
import { hush, notice, toast } from "./notices.ts";
import { type OpenQuestions, SLICES, type State } from "./questions.ts";
import type { Session } from "./session.ts";
import { loadShippedModel, standingSize } from "./shipped-model.ts";
import { createStore, type SliceStore } from "./state/store.ts";
import { followTheme } from "./theme.ts";

declare global {
  interface Window {
    /** For tests: resolves when the first picture stands in the room. */
    vitrine: {
      readonly ready: Promise<void>;
      readonly session: () => Session | undefined;
      readonly questions: () => OpenQuestions | undefined;
      readonly store: SliceStore<State>;
    };
  }
}

const store = createStore<State>(SLICES);
store.read(location.hash);
const board = notice();
/** The files of a model that is being opened, or waits for a device. */
let opening: readonly Brought[] | undefined;
/** The picture that was brought last. */
let brought: Blob | undefined;
/** Losses in a row without a picture in between: after a few the page stops asking for a device. */
let losses = 0;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Opens the network that was seen last, or the one that comes with the page, on a new device. */
async function start(): Promise<void> {
  const device = await requestDevice();
  void device.lost.then((info) => void recover(info));
  const tuned = tune(device);
  const find = async () => {
    board.progress(current.graph ? undefined : 0);
    const found = current.graph ?? (await loadShippedModel((fraction) => board.progress(fraction)));
    board.progress(undefined);
    await tuned;
    return found;
  };
  await current.open(device, find);
  losses = 0;
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
async function recover(info: GPUDeviceLostInfo): Promise<void> {
  current.close();
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
    await start();
    board.done();
    toast("The GPU went away; the room was built again.");
    if (opening) incoming.model(opening);
  } catch (error) {
    board.say("The room could not be built again", messageOf(error));
    board.offer("Reload the page", () => location.reload());
  }
}

/** Reads a network from files, with the names of its classes if they are among them. */
async function graphFrom(files: readonly Brought[], signal: AbortSignal): Promise<Graph> {
  const graph = await loadModel(modelFromFiles(files), {
    signal,
    inputShape: standingSize,
    onProgress: (fraction) => signal.aborted || board.progress(fraction < 1 ? fraction : undefined),
  });
  const paths = files.map(({ path }) => path);
  return { ...graph, name: modelName(graph.name, paths) };
}

/** What a network that was opened is, in a sentence or two. */
function summaryOf({ name, layers, labelsFrom, leftOut = {} }: Graph): string {
  const names = labelsFrom === undefined ? "" : ` The names of its classes come from ${labelsFrom}.`;
  const without = Object.entries(leftOut).map(
    ([output, reason]) => ` Output “${output}” is left out: ${reason}.`,
  );
  return `${name}: ${layers.length} layers.${names}${without.join("")}`;
}

const incoming: Incoming = {
  refuse: (message) => toast(message, true),
  picture(file, name) {
    brought = file;
    // Of several that come at once the last is shown, whichever is decoded first.
    const last = () => brought === file;
    void readPicture(file).then(
      async (pixels) => {
        if (last()) await current.show({ title: name || "pasted picture", pixels });
      },
      (error: unknown) => {
        if (last()) toast(messageOf(error), true);
      },
    );
  },
  labels(file) {
    const { session } = current;
    if (!session) return;
    void file
      .text()
      .then((text) => {
        const labels = labelsIn(text, file.name);
        const heads = headsOf(session.graph);
        if (!heads.some(({ classes, channels }) => [classes, channels].includes(labels.length))) {
          const counts = heads.map(({ name, classes }) => `${classes} of ${name}`).join(", ");
          throw new Error(
            `${file.name} names ${labels.length} classes; ${session.graph.name} has ${counts}.`,
          );
        }
        session.readAnew({ ...session.source, labels, labelsFrom: file.name });
      })
      .catch((error: unknown) => toast(messageOf(error), true));
  },
  model(files) {
    opening = files;
    const device = current.session?.device;
    // Without one, it is opened in the room that is being built.
    if (!device) return;
    hush();
    board.say("Loading a network", files.find(isModel)?.path ?? "");
    board.progress(undefined);
    board.offer("Cancel", () => {
      if (opening !== files) return;
      opening = undefined;
      current.stopOpening();
      board.done();
    });
    // Whatever was being opened before is nobody's any more: only the last one says how it went.
    const finish = (say: () => void) => {
      if (opening !== files) return;
      opening = undefined;
      board.done();
      say();
    };
    void current
      .open(device, (signal) => graphFrom(files, signal))
      .then(
        (opened) => {
          if (!opened) return;
          // An error on the way, with the picture say, is worth more than the news that the rest went well.
          finish(() => document.querySelector(".toast.error") ?? toast(summaryOf(opened)));
        },
        (error: unknown) => finish(() => toast(messageOf(error), true)),
      );
  },
};

const current = new CurrentSession(store, document.getElementById("stage") ?? document.body, incoming);

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
    await start();
    board.done();
    if (opening) incoming.model(opening);
  } catch (error) {
    if (error instanceof VitrineError && error.name === "UnsupportedError" && !current.graph) {
      board.say(
        "No graphics adapter answered",
        "This browser has WebGPU, but no adapter to run it on.",
        messageOf(error),
      );
    } else board.say("The room could not be built", messageOf(error));
    board.offer("Reload the page", () => location.reload());
    throw error;
  }
}

// What nobody caught, as when a panel cannot draw, is said; what the browser itself warns of has no error.
addEventListener("error", ({ error }) => error && toast(messageOf(error), true));
listenForFiles(incoming);
followTheme(store, () => current.session?.room.invalidate());
let written = location.hash.slice(1);
let writing = 0;
store.listen(({ image }) => {
  // A sample that was chosen meanwhile comes after a picture that is still being decoded.
  if (image) brought = undefined;
  clearTimeout(writing);
  writing = window.setTimeout(() => {
    written = store.address;
    history.replaceState(null, "", written ? `#${written}` : location.pathname + location.search);
  }, 150);
});
addEventListener("hashchange", () => {
  if (location.hash.slice(1) === written) return;
  store.read(location.hash);
  current.session?.room.look(store.state.view);
});

const ready = boot();
ready.catch(() => {});
window.vitrine = { ready, session: () => current.session, questions: () => current.questions, store };
