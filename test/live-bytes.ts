/** What a piece of work held on the GPU. */
export interface Held {
  /** The most bytes of buffers at one time, beside what was there before. */
  readonly peak: number;
  /** Bytes of buffers that it left behind. */
  readonly left: number;
  /** How many buffers, textures and query sets it left behind. */
  readonly objects: number;
}

type Create = "createBuffer" | "createTexture" | "createQuerySet";

/** Runs some work and counts the bytes of every buffer that it creates and destroys on a device, and other objects. */
export async function liveBytes<T>(device: GPUDevice, work: () => Promise<T>): Promise<Held & { result: T }> {
  let [live, peak, objects] = [0, 0, 0];
  const counted = <A, M extends { destroy(): void }>(make: (argument: A) => M, size: (made: M) => number) =>
    function (this: GPUDevice, argument: A): M {
      const made = make.call(device, argument);
      const destroy = made.destroy.bind(made);
      let there = true;
      made.destroy = () => {
        if (there) {
          live -= size(made);
          objects--;
        }
        there = false;
        destroy();
      };
      live += size(made);
      objects++;
      peak = Math.max(peak, live);
      return made;
    };
  const { createBuffer, createTexture, createQuerySet }: Pick<GPUDevice, Create> = device;
  Object.assign(device, {
    createBuffer: counted(createBuffer, ({ size }) => size),
    createTexture: counted(createTexture, () => 0),
    createQuerySet: counted(createQuerySet, () => 0),
  });
  try {
    const result = await work();
    return { result, peak, left: live, objects };
  } finally {
    Object.assign(device, { createBuffer, createTexture, createQuerySet });
  }
}
