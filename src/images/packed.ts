import { inflateSync } from "fflate";

/** The bytes of a file that build/packed.ts packed. */
export function unpacked(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return inflateSync(bytes) as Uint8Array<ArrayBuffer>;
}
