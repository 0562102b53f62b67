import { UnsupportedError } from "../gpu/errors.ts";

/** Command that installs the packages that Node needs and a web page does not. */
const INSTALL = "npm install webgpu sharp";

/**
 * The error for a package that Node needs and does not find, or cannot load.
 * @param who what asked for it.
 * @param module where this library lies; npx keeps what it fetched in a folder into which nobody can install.
 */
export function missingPackage(
  who: string,
  name: string,
  error: Error & { readonly code?: string },
  module: string = import.meta.url,
): UnsupportedError {
  const absent = error.code === "ERR_MODULE_NOT_FOUND" && error.message.includes(`'${name}'`);
  const got = absent ? "found none" : `got ${error.message.trim().split("\n")[0]}`;
  const remedy = /[\\/]_npx[\\/]/.test(module)
    ? `${INSTALL.replace("install", "install vitrine")} in a folder of yours, and npx vitrine there`
    : INSTALL;
  return new UnsupportedError(`${who}: expected the package "${name}", ${got}; run ${remedy}`);
}
