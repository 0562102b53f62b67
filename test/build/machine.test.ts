import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { distribution, ensureAdapter, ensureChrome, type Machine, mirrorOf } from "../../build/machine.ts";
import { chromePaths, findChrome, findSwiftShader } from "../../src/node/chrome.ts";

const BOOKWORM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_CODENAME=bookworm\n';
const TRIXIE = "ID=debian\nVERSION_CODENAME=trixie\n";
const UBUNTU = "NAME=Ubuntu\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n";
const DEB822 = `Types: deb
# a comment
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
`;

/** A bare machine, on which nothing is found and nothing succeeds unless `changes` says so. */
function imagine(changes: Partial<Machine> = {}): Machine & { readonly log: string[] } {
  const log: string[] = [];
  const run = changes.run ?? (() => false);
  return {
    osRelease: "",
    aptSources: "",
    mayInstall: true,
    adapter: () => undefined,
    swiftShader: () => undefined,
    chrome: () => undefined,
    addAptSource: (name, text) => log.push(`source ${name}\n${text}`),
    say: () => {},
    ...changes,
    run: (command, args) => {
      log.push([command, ...args.filter((arg, i) => arg !== "-o" && args[i - 1] !== "-o")].join(" "));
      return run(command, args);
    },
    log,
  };
}

describe("an adapter", () => {
  test("that is there is taken, and nothing is installed", () => {
    const machine = imagine({ osRelease: BOOKWORM, adapter: () => "NVIDIA H200" });
    expect(ensureAdapter(machine)).toEqual({ name: "NVIDIA H200" });
    expect(machine.log).toEqual([]);
  });

  test("is installed from backports on Debian 12, through APT's own mirror", () => {
    let installed = false;
    const machine = imagine({
      osRelease: BOOKWORM,
      aptSources: DEB822,
      adapter: () => (installed ? "llvmpipe" : undefined),
      run: (_, args) => {
        installed ||= args.includes("mesa-vulkan-drivers");
        return true;
      },
    });
    expect(ensureAdapter(machine)).toEqual({ name: "llvmpipe" });
    expect(machine.log[0]).toMatch(
      /^source vitrine-backports\.sources\nTypes: deb\nURIs: http:\/\/mirror\.example\/debian\nSuites: bookworm-backports\n/,
    );
    expect(machine.log.slice(1)).toEqual([
      "apt-get -qq update",
      "apt-get -qq -y --no-install-recommends --target-release bookworm-backports install mesa-vulkan-drivers libvulkan1",
    ]);
  });

  test.each([
    [
      "backports are known already",
      BOOKWORM,
      `${DEB822}\ndeb http://mirror.example/debian bookworm-backports main\n`,
      "--target-release bookworm-backports ",
    ],
    ["a Debian whose own Mesa will do", TRIXIE, "", ""],
    ["Ubuntu", UBUNTU, "", ""],
  ])("is installed without a new source: %s", (_, osRelease, aptSources, target) => {
    const machine = imagine({ osRelease, aptSources });
    expect(() => ensureAdapter(machine)).toThrow();
    expect(machine.log).toEqual([
      "apt-get -qq update",
      `apt-get -qq -y --no-install-recommends ${target}install mesa-vulkan-drivers libvulkan1`,
    ]);
  });

  test.each([
    ["installing fails", imagine({ osRelease: TRIXIE })],
    ["installing is not allowed", imagine({ osRelease: TRIXIE, mayInstall: false })],
    ["there is no mirror to ask", imagine({ osRelease: BOOKWORM })],
    ["it is no Debian", imagine({ osRelease: "ID=fedora\n" })],
  ])("is SwiftShader where a Chrome carries it and %s", (_, bare) => {
    const driver = "/opt/google/chrome/vk_swiftshader_icd.json";
    const machine = {
      ...bare,
      swiftShader: () => driver,
      adapter: (named?: string) => (named === driver ? "SwiftShader" : undefined),
    };
    expect(ensureAdapter(machine)).toEqual({ name: "SwiftShader", driver });
  });

  test("is one sentence of advice where there is no way to get one", () => {
    const machine = imagine({ osRelease: BOOKWORM, mayInstall: false, swiftShader: () => "/broken.json" });
    expect(() => ensureAdapter(machine)).toThrow(
      /^expected a GPU adapter .*found none; install .*apt-get install -t bookworm-backports/,
    );
    expect(machine.log).toEqual([]);
  });
});

describe("a Chrome", () => {
  test("that is there is taken, and nothing is installed or fetched", () => {
    const machine = imagine({ osRelease: BOOKWORM, chrome: () => "/usr/bin/chromium" });
    expect(ensureChrome(machine)).toBe("/usr/bin/chromium");
    expect(machine.log).toEqual([]);
  });

  test("is Debian's where packages may be installed", () => {
    let installed = false;
    const machine = imagine({
      osRelease: TRIXIE,
      chrome: () => (installed ? "/usr/bin/chromium" : undefined),
      run: (_, args) => {
        installed ||= args.includes("chromium");
        return true;
      },
    });
    expect(ensureChrome(machine)).toBe("/usr/bin/chromium");
    expect(machine.log.at(-1)).toMatch(/install chromium/);
  });

  test.each([
    ["the machine is another's", { osRelease: BOOKWORM, mayInstall: false }, 0],
    ["Debian's cannot be installed", { osRelease: BOOKWORM }, 2],
    ["the package would be Ubuntu's stub", { osRelease: UBUNTU }, 0],
  ])("is fetched by puppeteer where %s", (_, changes, commands) => {
    let fetched = false;
    const machine = imagine({
      ...changes,
      chrome: () => (fetched ? "/cache/chrome" : undefined),
      run: (command) => {
        fetched = command === "npx";
        return fetched;
      },
    });
    expect(ensureChrome(machine)).toBe("/cache/chrome");
    expect(machine.log).toHaveLength(commands + 1);
    expect(machine.log.at(-1)).toBe("npx puppeteer browsers install chrome");
  });

  test("is one sentence of advice where there is no way to get one", () => {
    expect(() => ensureChrome(imagine())).toThrow(
      /^expected Chrome or Chromium, found none; install one, or run `npx puppeteer browsers install chrome`, or /,
    );
  });
});

describe("looking for Chrome", () => {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-test-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const touch = (path: string): string => {
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, "");
    return full;
  };
  const paths = (env: Record<string, string>, platform: NodeJS.Platform = "linux"): string[] =>
    chromePaths({ env, platform, home: folder }).filter((path) => path.startsWith(folder));

  test("what the environment names comes first, then PATH, then what Puppeteer fetched, the newest first", () => {
    const older = touch(".cache/puppeteer/chrome/linux-99.0/chrome-linux64/chrome");
    const newer = touch(".cache/puppeteer/chrome/linux-156.0/chrome-linux64/chrome");
    const onPath = touch("bin/chromium");
    const named = touch("named");
    const other = touch("other");
    const env = { PATH: join(folder, "bin"), PUPPETEER_EXECUTABLE_PATH: named, CHROME_PATH: other };
    const found = paths(env);
    expect(found.slice(0, 2)).toEqual([named, other]);
    expect(findChrome(found.slice(2))).toBe(onPath);
    rmSync(onPath);
    expect(findChrome(found.slice(2))).toBe(newer);
    rmSync(newer);
    expect(findChrome(found.slice(2))).toBe(older);
    rmSync(older);
    expect(findChrome(found.slice(2))).toBeUndefined();
  });

  test("PUPPETEER_CACHE_DIR moves the cache, and a shell without a window counts", () => {
    const shell = touch(
      "cache/chrome-headless-shell/linux-156.0/chrome-headless-shell-linux64/chrome-headless-shell",
    );
    expect(findChrome(paths({ PUPPETEER_CACHE_DIR: join(folder, "cache") }))).toBe(shell);
  });

  test("macOS and Windows have their own places", () => {
    const mac = touch("Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    const windows = touch("Google/Chrome/Application/chrome.exe");
    expect(findChrome(paths({}, "darwin"))).toBe(mac);
    expect(findChrome(paths({ LOCALAPPDATA: folder }, "win32"))).toBe(windows);
  });

  test("SwiftShader lies beside a Chrome that carries it", () => {
    const launcher = touch("bin/google-chrome");
    const binary = touch("opt/chrome");
    expect(findSwiftShader([launcher, binary])).toBeUndefined();
    const driver = touch("opt/vk_swiftshader_icd.json");
    expect(findSwiftShader([launcher, binary])).toBe(driver);
  });
});

test("reads APT's mirror in both formats, for the very suite that is asked", () => {
  expect(mirrorOf(DEB822, "bookworm")).toBe("http://mirror.example/debian");
  expect(
    mirrorOf(
      "deb http://a.example/debian bookworm-updates main\ndeb [signed-by=/k.gpg] http://b.example/debian bookworm main\n",
      "bookworm",
    ),
  ).toBe("http://b.example/debian");
  expect(mirrorOf("# deb http://a.example/debian bookworm main\n", "bookworm")).toBeUndefined();
});

test("reads /etc/os-release", () => {
  expect(distribution(BOOKWORM)).toEqual({ id: "debian", codename: "bookworm" });
  expect(distribution(UBUNTU)).toEqual({ id: "ubuntu", codename: "noble" });
  expect(distribution("")).toEqual({ id: "", codename: "" });
});
