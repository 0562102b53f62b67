/** The parts of @jsquash/jpeg that are used; its own types name the platform's. */
declare module "@jsquash/jpeg/encode.js" {
  interface Rgba {
    readonly width: number;
    readonly height: number;
    readonly data: Uint8ClampedArray;
  }
  export function init(module: WebAssembly.Module): Promise<void>;
  export default function encode(
    image: Rgba,
    options: Readonly<Record<string, number | boolean>>,
  ): Promise<ArrayBuffer>;
}

declare module "@jsquash/jpeg/decode.js" {
  interface Rgba {
    readonly width: number;
    readonly height: number;
    readonly data: Uint8ClampedArray;
  }
  export function init(module: WebAssembly.Module): Promise<void>;
  export default function decode(file: ArrayBuffer): Promise<Rgba>;
}
