import { sha256 } from "../graph/digest.ts";

/** SHA-256 of plain data in JSON, as 64 hex digits. @throws UnsupportedError as {@link sha256}. */
export function digestOf(data: unknown): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify(data)));
}
