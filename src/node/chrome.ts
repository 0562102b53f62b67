import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** Places to look for a Chrome: the surroundings as data, so that a test can imagine a bare machine. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/** This machine. */
export function surroundings(): Surroundings {
  return { env: process.env, platform: process.platform, home: homedir() };
}

const UNIX_NAMES = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser", "chrome"];

function systemPaths({ env, platform, home }: Surroundings): string[] {
  if (platform === "darwin") {
    const apps = [
      "Google Chrome.app/Contents/MacOS/Google Chrome",
      "Chromium.app/Contents/MacOS/Chromium",
      "Google Chrome Canary.app/Contents/MacOS/Google Chrome Canary",
    ];
    return ["/Applications", join(home, "Applications")].flatMap((root) =>
      apps.map((app) => join(root, app)),
    );
  }
  if (platform === "win32") {
    const roots = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA];
    return roots.flatMap((root) =>
      root
        ? [join(root, "Google/Chrome/Application/chrome.exe"), join(root, "Chromium/Application/chrome.exe")]
        : [],
    );
  }
  const folders = new Set([
    ...(env.PATH ?? "").split(":").filter(Boolean),
    "/usr/bin",
    "/usr/local/bin",
    "/snap/bin",
  ]);
  return [
    ...UNIX_NAMES.flatMap((name) => [...folders].map((folder) => join(folder, name))),
    // The binaries themselves: Vulkan drivers lie beside these, not beside the launchers above.
    "/opt/google/chrome/chrome",
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
  ];
}

const CACHED_BINARIES = [
  "chrome-linux64/chrome",
  "chrome-linux/chrome",
  "chrome-headless-shell-linux64/chrome-headless-shell",
  "chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
  "chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
  "chrome-win64/chrome.exe",
];

/** Folder in which Puppeteer's installer keeps the browsers that it fetched. */
export function browserCache({ env, home }: Surroundings): string {
  return env.PUPPETEER_CACHE_DIR ?? join(home, ".cache/puppeteer");
}

function cachedPaths(where: Surroundings): string[] {
  const cache = browserCache(where);
  return ["chrome", "chromium", "chrome-headless-shell"].flatMap((browser) => {
    const versions = existsSync(join(cache, browser))
      ? readdirSync(join(cache, browser)).sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
      : [];
    return versions.flatMap((version) =>
      CACHED_BINARIES.map((binary) => join(cache, browser, version, binary)),
    );
  });
}

/**
 * Every path at which a Chrome or Chromium may lie, likeliest first: `PUPPETEER_EXECUTABLE_PATH`, `CHROME_PATH`, the
 * system's, then those that Puppeteer's installer fetched.
 */
export function chromePaths(where: Surroundings = surroundings()): string[] {
  const named = [where.env.PUPPETEER_EXECUTABLE_PATH, where.env.CHROME_PATH].filter(
    (path) => path !== undefined,
  );
  return [...named, ...systemPaths(where), ...cachedPaths(where)];
}

/** The first Chrome that is there, or nothing. */
export function findChrome(paths: readonly string[] = chromePaths()): string | undefined {
  return paths.find((path) => existsSync(path));
}

/** SwiftShader, the software Vulkan driver that every Chrome carries beside its binary, or nothing. */
export function findSwiftShader(paths: readonly string[] = chromePaths()): string | undefined {
  return paths.map((path) => join(dirname(path), "vk_swiftshader_icd.json")).find((path) => existsSync(path));
}
