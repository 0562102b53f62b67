import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "puppeteer";
import sharp from "sharp";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packed } from "../../build/packed.ts";
import { wgsl } from "../../build/wgsl.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { readInput, readPicture } from "../../src/images/picture.ts";
import { type Browser, launchBrowser } from "../browser.ts";

/** 4×2: red, green, blue, white; black, grey, half transparent red, transparent. */
const RGBA = [
  [255, 0, 0, 255],
  [0, 255, 0, 255],
  [0, 0, 255, 255],
  [255, 255, 255, 255],
  [0, 0, 0, 255],
  [128, 128, 128, 255],
  [255, 0, 0, 128],
  [0, 0, 0, 0],
] as const;
/** The same over white. */
const RGB = RGBA.flatMap(([r, g, b, a]) => [r, g, b].map((v) => Math.round((v * a) / 255 + 255 - a)));

let browser: Browser;
let page: Page;
let servers: Server[];
/** An address of another origin, where a picture is, without leave to read it. */
let elsewhere: string;

/** Serves what a page asks for, at an address of its own. */
async function serve(files: Readonly<Record<string, readonly [type: string, body: string | Uint8Array]>>) {
  const server = createServer((request, response) => {
    const [type, body] = files[request.url ?? ""] ?? ["text/plain", ""];
    response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

beforeAll(async () => {
  const made = await build({
    configFile: false,
    logLevel: "error",
    plugins: [wgsl(), packed()],
    build: {
      write: false,
      minify: false,
      target: "es2023",
      lib: { entry: "test/images/page.ts", formats: ["iife"], name: "vitrine" },
    },
  });
  const [output] = [made].flat();
  const chunk = output && "output" in output ? output.output[0] : undefined;
  if (!chunk) throw new Error("expected a bundle");
  const png = await sharp(Uint8Array.from(RGBA.flat()), { raw: { width: 4, height: 2, channels: 4 } })
    .png()
    .toBuffer();
  const turned = await sharp(Uint8Array.from(RGBA.flat()), { raw: { width: 4, height: 2, channels: 4 } })
    .flatten({ background: "white" })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
    .toBuffer();
  const home = await serve({
    "/": ["text/html", "<!doctype html><script src=page.js></script>"],
    "/page.js": ["text/javascript", chunk.code],
    "/x.png": ["image/png", png],
    "/turned.jpg": ["image/jpeg", turned],
    "/text.png": ["image/png", "no picture"],
    "/x.svg": ["image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"><rect width="4" height="2"/></svg>'],
  });
  const other = await serve({ "/x.png": ["image/png", png] });
  servers = [home.server, other.server];
  elsewhere = `${other.url}x.png`;
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.goto(home.url);
});
afterAll(async () => {
  await browser?.close();
  for (const server of servers ?? []) server.close();
});

/** Makes one source of every kind in the page, from RGBA values of 4×2. */
const MADE: Readonly<Record<string, string>> = {
  ImageData: "new ImageData(Uint8ClampedArray.from(rgba), 4, 2)",
  HTMLCanvasElement: "draw(Object.assign(document.createElement('canvas'), { width: 4, height: 2 }))",
  OffscreenCanvas: "draw(new OffscreenCanvas(4, 2))",
  ImageBitmap: "await createImageBitmap(new ImageData(Uint8ClampedArray.from(rgba), 4, 2))",
  VideoFrame: "new VideoFrame(draw(new OffscreenCanvas(4, 2)), { timestamp: 0 })",
  HTMLImageElement: "await shown('x.png')",
  Blob: "await (await fetch('x.png')).blob()",
  File: "new File([await (await fetch('x.png')).blob()], 'x.png')",
};

/** Runs an expression in the page, with what it may use beside it. */
function inPage<T>(expression: string): Promise<T> {
  return page.evaluate(`(async () => {
    const rgba = ${JSON.stringify(RGBA.flat())};
    const draw = (canvas) => {
      canvas.getContext('2d').putImageData(new ImageData(Uint8ClampedArray.from(rgba), 4, 2), 0, 0);
      return canvas;
    };
    const shown = async (src) => {
      const image = new Image();
      image.src = src;
      await image.decode();
      return image;
    };
    const refused = async (work) => {
      try { await work(); return 'nothing was thrown'; }
      catch (error) { return (error instanceof vitrine.InputError ? 'InputError ' : 'another error ') + error.message; }
    };
    return ${expression};
  })()`) as Promise<T>;
}

test.each(Object.entries(MADE))("a page's %s is the picture, over white", async (kind, made) => {
  const { width, height, data } = await inPage<{ width: number; height: number; data: number[] }>(
    `vitrine.readPicture(${made}).then(({ width, height, data }) => ({ width, height, data: [...data] }))`,
  );
  expect([width, height]).toEqual([4, 2]);
  // A frame may pass through YUV.
  const slack = kind === "VideoFrame" ? 4 : 1;
  for (const [i, value] of RGB.entries())
    expect(Math.abs(value - (data[i] ?? -99))).toBeLessThanOrEqual(slack);
});

test("a video is read as its present frame", async () => {
  const data = await inPage<number[]>(`(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 32 });
    const context = canvas.getContext('2d');
    const video = Object.assign(document.createElement('video'), { srcObject: canvas.captureStream(30), muted: true });
    const playing = video.play();
    const timer = setInterval(() => { context.fillStyle = 'rgb(200, 100, 50)'; context.fillRect(0, 0, 64, 32); }, 20);
    await playing;
    while (video.readyState < 2) await new Promise((done) => setTimeout(done, 20));
    const { data } = await vitrine.readPicture(video);
    clearInterval(timer);
    return [...data.slice(0, 3)];
  })()`);
  for (const [i, value] of [200, 100, 50].entries())
    expect(Math.abs(value - (data[i] ?? -99))).toBeLessThanOrEqual(4);
});

test("EXIF's orientation is obeyed, by a file and by an element", async () => {
  for (const made of ["await shown('turned.jpg')", "await (await fetch('turned.jpg')).blob()"]) {
    const size = await inPage(`vitrine.readPicture(${made}).then(({ width, height }) => [width, height])`);
    expect(size).toEqual([2, 4]);
  }
});

test.each<[what: string, expression: string, message: RegExp]>([
  [
    "an image that has not loaded",
    "Object.assign(new Image(), { src: 'x.png?late' })",
    /HTMLImageElement.*image\.decode/,
  ],
  [
    "an image that failed",
    "await new Promise((done) => { const i = new Image(); i.onerror = () => done(i); i.src = 'text.png'; })",
    /has not loaded, or failed/,
  ],
  ["an empty canvas", "new OffscreenCanvas(0, 4)", /OffscreenCanvas with a picture in it, got 0×4/],
  [
    "a closed bitmap",
    "await createImageBitmap(new ImageData(2, 2)).then((b) => { b.close(); return b; })",
    /ImageBitmap.*closed or empty/,
  ],
  [
    "a closed frame",
    "(() => { const f = new VideoFrame(draw(new OffscreenCanvas(4, 2)), { timestamp: 0 }); f.close(); return f; })()",
    /VideoFrame.*closed or empty/,
  ],
  ["a video without a frame", "document.createElement('video')", /HTMLVideoElement.*no frame yet/],
  ["a file that is no picture", "new File(['no picture'], 'x.png')", /file "x\.png"/],
  ["an empty file", "new Blob([])", /empty Blob/],
  [
    "an SVG file",
    "await (await fetch('x.svg')).blob()",
    /image that this browser can decode, got a Blob of type "image\/svg\+xml/,
  ],
  ["another element", "document.body", /got HTMLBodyElement/],
  ["an address", "'x.png'", /got text \("x\.png"\); an address is read with/],
  ["nothing", "null", /got Null/],
])("%s is an InputError", async (_, made, message) => {
  const said = await inPage<string>(`refused(async () => vitrine.readPicture(${made}))`);
  expect(said).toMatch(/^InputError image: /);
  expect(said).toMatch(message);
});

test("what comes from another origin is an InputError that says how", async () => {
  const said = await inPage<string>(`refused(async () => vitrine.readPicture(await shown('${elsewhere}')))`);
  expect(said).toMatch(/^InputError .*of another; load it with crossOrigin = "anonymous"/);
  const tainted = await inPage<string>(`refused(async () => {
    const canvas = new OffscreenCanvas(4, 2);
    canvas.getContext('2d').drawImage(await shown('${elsewhere}'), 0, 0);
    return vitrine.readPicture(canvas);
  })`);
  expect(tainted).toMatch(/^InputError .*of another/);
});

test("techniques take them, as they are at the moment of the call", async () => {
  const answers = await inPage<number[][]>(`(async () => {
    const w = { shape: [3, 3], data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) };
    const graph = {
      name: 'means',
      layers: [
        { op: 'input', name: 'x', inputs: [], shape: [2, 4, 3] },
        { op: 'globalPool', name: 'mean', inputs: ['x'], mode: 'average' },
        { op: 'dense', name: 'scores', inputs: ['mean'], w },
        { op: 'softmax', name: 'p', inputs: ['scores'] },
      ],
      output: 'p',
      preprocessing: { range: 255, mean: [0, 0, 0], std: [1, 1, 1], source: 'given' },
    };
    const device = await vitrine.requestDevice();
    const network = await vitrine.createNetwork(device, graph);
    const canvas = draw(new OffscreenCanvas(4, 2));
    const first = vitrine.predict(network, canvas);
    const map = vitrine.saliency(network, canvas, { target: 1 });
    // What is drawn later is not seen.
    const context = canvas.getContext('2d');
    context.fillStyle = 'white';
    context.fillRect(0, 0, 4, 2);
    const later = vitrine.predict(network, await createImageBitmap(canvas));
    const scores = async (asked) => (await asked).sort((a, b) => a.index - b.index).map(({ logit }) => logit);
    const found = [await scores(first), await scores(later), [...(await map).data.slice(0, 3)]];
    network.destroy();
    device.destroy();
    return found;
  })()`);
  const means = [0, 1, 2].map(
    (c) => RGB.filter((_, i) => i % 3 === c).reduce((sum, v) => sum + v, 0) / 8 / 255,
  );
  for (const [c, mean] of means.entries()) {
    expect(answers[0]?.[c]).toBeCloseTo(mean, 2);
    expect(answers[1]?.[c]).toBeCloseTo(1, 5);
    expect(answers[2]?.[c]).toBeCloseTo(c === 1 ? 1 / 8 : 0, 6);
  }
});

test("a video's frames reach the network's input on the GPU, as they do through the processor", async () => {
  const { found, expected, said } = await inPage<{
    found: number[];
    expected: number[];
    said: string[];
  }>(`(async () => {
    const graph = {
      name: 'eye',
      layers: [
        { op: 'input', name: 'x', inputs: [], shape: [3, 3, 3] },
        { op: 'globalPool', name: 'mean', inputs: ['x'], mode: 'average' },
      ],
      output: 'mean',
      preprocessing: { range: 255, mean: [0, 0, 0], std: [1, 1, 1], fit: 'cover', source: 'given' },
    };
    const device = await vitrine.requestDevice();
    const network = await vitrine.createNetwork(device, graph);
    const frames = await vitrine.createFrameInput(network, { width: 4, height: 2 });
    const canvas = draw(new OffscreenCanvas(4, 2));
    const found = [];
    for (const source of [canvas, new VideoFrame(canvas, { timestamp: 0 }), await createImageBitmap(canvas)]) {
      frames.write(source);
      const encoder = device.createCommandEncoder();
      frames.record(encoder);
      device.queue.submit([encoder.finish()]);
      found.push(...await vitrine.readTensor(device, network.input));
    }
    const expected = [...await vitrine.readInput(graph, canvas)];
    const tainted = new OffscreenCanvas(4, 2);
    tainted.getContext('2d').drawImage(await shown('${elsewhere}'), 0, 0);
    const said = [
      await refused(async () => frames.write(new OffscreenCanvas(4, 4))),
      await refused(async () => frames.write(document.createElement('video'))),
      await refused(async () => frames.write(tainted)),
    ];
    frames.destroy();
    network.destroy();
    device.destroy();
    return { found, expected, said };
  })()`);
  expect(found).toHaveLength(3 * expected.length);
  // 8 bits, rounded once more where what is half transparent is taken apart from its alpha.
  for (const [i, value] of found.entries()) {
    expect(Math.abs(value - (expected[i % expected.length] ?? 9))).toBeLessThanOrEqual(4 / 255);
  }
  expect(said[0]).toMatch(/^InputError .*OffscreenCanvas of 4×2, got 4×4/);
  expect(said[1]).toMatch(/^InputError .*no frame yet/);
  expect(said[2]).toMatch(/^InputError .*of another/);
});

test("in Node, where nothing decodes a Blob, that is said", async () => {
  await expect(readPicture(new Blob(["x"]))).rejects.toThrow(InputError);
  await expect(readPicture(new Blob(["x"]))).rejects.toThrow(/in Node, readImage reads files/);
});

test("pixels are read before the call returns, so that their array may be used again", async () => {
  const data = new Uint8Array(3).fill(255);
  const graph = {
    name: "eye",
    layers: [{ op: "input", name: "x", inputs: [], shape: [1, 1, 3] }],
    output: "x",
    preprocessing: { range: 255, mean: [0, 0, 0], std: [1, 1, 1], source: "given" },
  } as const;
  const read = readInput(graph as never, { width: 1, height: 1, data });
  data.fill(0);
  expect([...(await read)]).toEqual([1, 1, 1]);
});
