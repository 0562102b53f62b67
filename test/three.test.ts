import { float, screenCoordinate, uint, vec4 } from "three/tsl";
import {
  IndirectStorageBufferAttribute,
  Mesh,
  MeshBasicNodeMaterial,
  OrthographicCamera,
  PlaneGeometry,
  RenderTarget,
  Scene,
  WebGPURenderer,
} from "three/webgpu";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { InputError, UnsupportedError } from "../src/gpu/errors.ts";
import { createTensor, readTensor, type Tensor } from "../src/gpu/tensor.ts";
import { lendBuffer, storageOf } from "../src/three.ts";
import { testDevice } from "./gpu.ts";

let device: GPUDevice;
let renderer: WebGPURenderer;

/** three draws into a render target only; its canvas is never looked at. */
const canvas = {
  style: {},
  width: 2,
  height: 2,
  addEventListener() {},
  removeEventListener() {},
  getContext: () => ({ configure() {}, unconfigure() {} }),
} as unknown as HTMLCanvasElement;

async function createRenderer(): Promise<WebGPURenderer> {
  // Frames come when they are asked for, not by the clock.
  vi.stubGlobal("self", { requestAnimationFrame: () => 0, cancelAnimationFrame() {} });
  try {
    const made = new WebGPURenderer({ device, canvas, antialias: false });
    await made.init();
    return made;
  } finally {
    vi.unstubAllGlobals();
  }
}

beforeAll(async () => {
  device = await testDevice();
  renderer = await createRenderer();
});

afterAll(() => renderer.dispose());

/** What a mesh looks like, one RGBA pixel after the other, drawn as large as a picture of width × height. */
async function drawn(mesh: Mesh, width: number, height: number): Promise<number[]> {
  const target = new RenderTarget(width, height, { depthBuffer: false });
  const scene = new Scene();
  scene.add(mesh);
  const camera = new OrthographicCamera(-1, 1, 1, -1, 0, 2);
  camera.position.z = 1;
  try {
    renderer.setRenderTarget(target);
    renderer.render(scene, camera);
    return [...(await renderer.readRenderTargetPixelsAsync(target, 0, 0, width, height))];
  } finally {
    renderer.setRenderTarget(null);
    target.dispose();
  }
}

/** A square that shows the number that a pixel's own index gives, as a grey. */
function square(width: number, grey: (index: ReturnType<typeof uint>) => unknown): Mesh {
  const index = uint(screenCoordinate.y).mul(width).add(uint(screenCoordinate.x));
  const material = new MeshBasicNodeMaterial();
  const value = grey(index as ReturnType<typeof uint>) as ReturnType<typeof float>;
  material.outputNode = vec4(value, value, value, 1);
  return new Mesh(new PlaneGeometry(2, 2), material);
}

const greys = (pixels: readonly number[]): number[] => pixels.filter((_, i) => i % 4 === 0);

describe("storageOf", () => {
  const LEVELS = [0, 51, 102, 153, 204, 255, 17, 34];
  const scaled = (levels: readonly number[]): Float32Array<ArrayBuffer> =>
    Float32Array.from(levels, (level) => level / 255);

  test("draws a tensor's values where they lie, as they are at the time of the frame", async () => {
    const tensor = createTensor(device, [1, 2, 4, 1], { data: scaled(LEVELS) });
    const mesh = square(4, (index) => storageOf(renderer, tensor).element(index));
    expect(greys(await drawn(mesh, 4, 2))).toEqual(LEVELS);
    const later = LEVELS.toReversed();
    device.queue.writeBuffer(tensor.buffer, 0, scaled(later));
    expect(greys(await drawn(mesh, 4, 2))).toEqual(later);
    tensor.buffer.destroy();
  });

  test("gives values in fours, and unsigned ones", async () => {
    const tensor = createTensor(device, [2, 4], { data: scaled(LEVELS) });
    const thirds = square(2, (index) => storageOf(renderer, tensor, { type: "vec4" }).element(index).z);
    expect(greys(await drawn(thirds, 2, 1))).toEqual([LEVELS[2], LEVELS[6]]);
    const counts = createTensor(device, [3], { dtype: "u32", data: Uint32Array.of(3, 5, 250) });
    const counted = square(3, (index) => float(storageOf(renderer, counts).element(index)).div(255));
    expect(greys(await drawn(counted, 3, 1))).toEqual([3, 5, 250]);
    for (const { buffer } of [tensor, counts]) buffer.destroy();
  });

  test("keeps one attribute a buffer and type, so that three keeps one bind group", () => {
    const tensor = createTensor(device, [8]);
    expect(storageOf(renderer, tensor).value).toBe(storageOf(renderer, tensor).value);
    expect(storageOf(renderer, tensor, { type: "vec4" }).value).not.toBe(storageOf(renderer, tensor).value);
    tensor.buffer.destroy();
  });

  test("leaves the buffer to its owner: three destroys it neither with the attribute nor with itself", async () => {
    const second = await createRenderer();
    const first = renderer;
    const tensor = createTensor(device, [2], { data: scaled([51, 102]) });
    try {
      renderer = second;
      const node = storageOf(second, tensor);
      const mesh = square(2, (index) => node.element(index));
      expect(greys(await drawn(mesh, 2, 1))).toEqual([51, 102]);
      (node.value as unknown as { dispose(): void }).dispose();
      expect(greys(await drawn(mesh, 2, 1))).toEqual([51, 102]);
      await second.dispose();
      expect([...(await readTensor(device, tensor))]).toEqual([...scaled([51, 102])]);
    } finally {
      renderer = first;
      tensor.buffer.destroy();
    }
  });

  test("lets three destroy what is three's own", async () => {
    const tensor = createTensor(device, [2], { data: scaled([51, 102]) });
    const mesh = square(2, (index) => storageOf(renderer, tensor).element(index));
    await drawn(mesh, 2, 1);
    const backend = renderer.backend as unknown as { get(of: unknown): { buffer: GPUBuffer } };
    const own = backend.get(mesh.geometry.getAttribute("position")).buffer;
    const destroyed: unknown[] = [];
    const destroy = own.destroy;
    own.destroy = () => {
      destroyed.push(own);
      return destroy.call(own);
    };
    mesh.geometry.dispose();
    expect(destroyed).toEqual([own]);
    tensor.buffer.destroy();
  });

  test("refuses what it cannot draw", async () => {
    const tensor = createTensor(device, [3]);
    expect(() => storageOf(renderer, tensor, { type: "vec4" })).toThrow(/multiple of 4 values .* got 3/);
    expect(() => storageOf(renderer, tensor, { type: "uint" })).toThrow(
      /"float" or "vec4" for f32, got "uint"/,
    );
    const halves = { ...tensor, dtype: "f16" } as unknown as Tensor<"f32">;
    expect(() => storageOf(renderer, halves)).toThrow(UnsupportedError);
    const unready = new WebGPURenderer({ device, canvas });
    expect(() => storageOf(unready, tensor)).toThrow(/await renderer.init\(\) first/);
    const fallback = { hasInitialized: () => true, backend: { isWebGPUBackend: undefined } };
    expect(() => storageOf(fallback as unknown as WebGPURenderer, tensor)).toThrow(/WebGL 2 fallback/);
    const changed = { hasInitialized: () => true, backend: { isWebGPUBackend: true } };
    expect(() => storageOf(changed as unknown as WebGPURenderer, tensor)).toThrow(UnsupportedError);
    tensor.buffer.destroy();
  });
});

test("lendBuffer serves an indirect draw, and wants STORAGE usage", () => {
  const { STORAGE, INDIRECT, COPY_SRC } = GPUBufferUsage;
  const buffer = device.createBuffer({ size: 16, usage: STORAGE | INDIRECT });
  const attribute = new IndirectStorageBufferAttribute(new Uint32Array(4), 4);
  expect(lendBuffer(renderer, buffer, attribute)).toBe(attribute);
  const plain = device.createBuffer({ size: 16, usage: COPY_SRC });
  expect(() => lendBuffer(renderer, plain, attribute)).toThrow(InputError);
  for (const each of [buffer, plain]) each.destroy();
});
