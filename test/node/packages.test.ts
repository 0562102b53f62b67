import { expect, test } from "vitest";
import { missingPackage } from "../../src/node/packages.ts";

test("a package that is not there is named with the command that brings it", () => {
  const error = Object.assign(new Error("Cannot find package 'sharp' imported from /x.js"), {
    code: "ERR_MODULE_NOT_FOUND",
  });
  expect(missingPackage("images", "sharp", error, "file:///app/node_modules/vitrine/x.js").message).toBe(
    'images: expected the package "sharp", found none; run npm install webgpu sharp',
  );
  const cached = missingPackage(
    "images",
    "sharp",
    error,
    "file:///home/.npm/_npx/1f/node_modules/vitrine/x.js",
  );
  expect(cached.message).toMatch(/run npm install vitrine webgpu sharp in a folder of yours/);
});

test("one that does not load is said to be broken, in one line", () => {
  const error = new Error("Could not load the sharp module\nPossible solutions:\n- …");
  expect(missingPackage("images", "sharp", error).message).toMatch(
    /got Could not load the sharp module; run/,
  );
});
