import { UnsupportedError } from "../gpu/errors.ts";

/**
 * SHA-256 of plain data in JSON, as 64 hex digits.
 * @throws UnsupportedError in a page that is not secure, which has no `crypto.subtle`.
 */
export function digestOf(data: unknown): Promise<string> {
  return digestOfBytes(new TextEncoder().encode(JSON.stringify(data)));
}

/** The same of bytes. */
export async function digestOfBytes(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) {
    throw new UnsupportedError(
      "digest: expected crypto.subtle, got none; browsers have it in pages of https: and of localhost",
    );
  }
  const hash = await subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
