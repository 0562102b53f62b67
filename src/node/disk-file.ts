import { open, stat } from "node:fs/promises";
import type { ByteFile } from "../dataset/bytes.ts";
import { InputError } from "../gpu/errors.ts";
import { kindOf, WITHOUT_WAITING } from "./read.ts";

/**
 * A file of the disk that is read by pieces; each reading opens it anew.
 * @throws InputError when there is no such file. Reading throws one when it has become shorter.
 */
export async function diskFile(path: string): Promise<ByteFile> {
  const who = `file "${path}"`;
  const unreadable = (error: Error): InputError =>
    new InputError(`${who}: expected to read it, got ${error.message}`);
  const stats = await stat(path).catch((error: Error) => {
    throw unreadable(error);
  });
  if (!stats.isFile()) throw unreadable(new Error(kindOf(stats)));
  return {
    name: path,
    size: stats.size,
    async open() {
      const handle = await open(path, WITHOUT_WAITING).catch((error: Error) => {
        throw unreadable(error);
      });
      return {
        async read(from, to) {
          const bytes = new Uint8Array(to - from);
          for (let done = 0; done < bytes.length; ) {
            const { bytesRead } = await handle
              .read(bytes, done, bytes.length - done, from + done)
              .catch((error: Error) => {
                throw unreadable(error);
              });
            if (bytesRead === 0) {
              throw new InputError(`${who}: expected bytes up to ${to}, got ${from + done}; it is cut short`);
            }
            done += bytesRead;
          }
          return bytes;
        },
        close: () => handle.close(),
      };
    },
  };
}
