import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  chromePaths,
  findChrome,
  findSwiftShader,
  type Surroundings,
  surroundings,
} from "../src/node/chrome.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const APT = "/etc/apt";

/** The parts of a machine that setting up needs; a test imagines one. */
export interface Machine {
  /** Contents of /etc/os-release; empty elsewhere. */
  readonly osRelease: string;
  /** APT's source lists, one after the other; empty elsewhere. */
  readonly aptSources: string;
  /** True if system packages may be installed. */
  readonly mayInstall: boolean;
  /** Name of the adapter that WebGPU finds in Node, with the driver given or with the machine's own. */
  adapter(driver?: string): string | undefined;
  /** SwiftShader's driver file beside a Chrome. */
  swiftShader(): string | undefined;
  /** Path of a Chrome. */
  chrome(): string | undefined;
  addAptSource(name: string, text: string): void;
  /** Runs a command and shows its output if it fails; whether it succeeded. */
  run(command: string, args: readonly string[]): boolean;
  say(message: string): void;
}

/** This machine; `VITRINE_INSTALL=never` keeps its system packages as they are. */
export function thisMachine(where: Surroundings = surroundings()): Machine {
  return {
    osRelease: read("/etc/os-release"),
    aptSources: aptSources(),
    mayInstall: process.getuid?.() === 0 && where.env.VITRINE_INSTALL !== "never",
    adapter: probeAdapter,
    swiftShader: () => findSwiftShader(chromePaths(where)),
    chrome: () => findChrome(chromePaths(where)),
    addAptSource: (name, text) => {
      mkdirSync(join(APT, "sources.list.d"), { recursive: true });
      writeFileSync(join(APT, "sources.list.d", name), text);
    },
    run: (command, args) => {
      const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
      const { status, stdout, stderr } = spawnSync(command, args, {
        cwd: ROOT,
        encoding: "utf8",
        env,
        // npm's commands are scripts there.
        shell: process.platform === "win32",
        timeout: 600_000,
      });
      if (status !== 0) console.error(`${stdout ?? ""}${stderr ?? ""}`.trim());
      return status === 0;
    },
    say: (message) => console.error(`vitrine: ${message}`),
  };
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function aptSources(): string {
  const folder = join(APT, "sources.list.d");
  const names = existsSync(folder)
    ? readdirSync(folder).filter((name) => /\.(list|sources)$/.test(name))
    : [];
  return [join(APT, "sources.list"), ...names.map((name) => join(folder, name))].map(read).join("\n\n");
}

const PROBE = `
import { create } from "webgpu";
const gpu = create([]);
const adapter = await gpu.requestAdapter();
if (adapter) console.log(adapter.info.description || adapter.info.vendor || "unnamed");
process.exit(0);
`;

/** Asks in a process of its own: a broken driver takes the whole process down, or never answers. */
function probeAdapter(driver?: string): string | undefined {
  const env: NodeJS.ProcessEnv = { ...process.env, ...(driver && { VK_DRIVER_FILES: driver }) };
  env.XDG_RUNTIME_DIR ??= mkdtempSync(join(tmpdir(), "vitrine-"));
  const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", PROBE], {
    cwd: ROOT,
    env,
    encoding: "utf8",
    timeout: 60_000,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return (status === 0 && stdout.trim()) || undefined;
}

const NO_ADAPTER =
  "expected a GPU adapter for WebGPU in Node, found none; install a Vulkan driver (Debian 12: apt-get install -t bookworm-backports mesa-vulkan-drivers libvulkan1; Debian 13 and Ubuntu 24.04: apt-get install mesa-vulkan-drivers libvulkan1; Fedora: dnf install mesa-vulkan-drivers), or libvulkan1 and any Chrome, whose software driver serves as well";

/** Remedy for a missing Chrome, in one sentence. */
export const NO_CHROME =
  "expected Chrome or Chromium, found none; install one, or run `npx puppeteer browsers install chrome`, or point PUPPETEER_EXECUTABLE_PATH at one";

export interface FoundAdapter {
  readonly name: string;
  /** The Vulkan driver that must be named in `VK_DRIVER_FILES`, where the machine's own would not be found. */
  readonly driver?: string;
}

/**
 * Finds a GPU adapter for WebGPU in Node, or makes one: Mesa's lavapipe where packages may be installed, since it is
 * several times faster than SwiftShader; else SwiftShader, which every Chrome carries.
 * @throws Error that says in one sentence what to run.
 */
export function ensureAdapter(machine: Machine): FoundAdapter {
  const name = machine.adapter() ?? (installLavapipe(machine) ? machine.adapter() : undefined);
  if (name) return { name };
  const driver = machine.swiftShader();
  const software = driver && machine.adapter(driver);
  if (software) return { name: software, driver };
  throw new Error(NO_ADAPTER);
}

/**
 * Finds a Chrome, or installs one: Debian's where packages may be installed, else the one that puppeteer fetches.
 * @returns its path.
 * @throws Error that says in one sentence what to run.
 */
export function ensureChrome(machine: Machine): string {
  const found = machine.chrome();
  if (found) return found;
  // Ubuntu's package of this name is a stub for a snap.
  if (machine.mayInstall && distribution(machine.osRelease).id === "debian") {
    machine.say("found no Chrome; installing Debian's chromium (a minute or two)");
    aptInstall(machine, ["chromium", "fonts-liberation"]);
    const installed = machine.chrome();
    if (installed) return installed;
  }
  machine.say("found no Chrome; fetching Chrome for Testing with puppeteer (170 MB)");
  machine.run("npx", ["puppeteer", "browsers", "install", "chrome"]);
  const fetched = machine.chrome();
  if (fetched) return fetched;
  throw new Error(NO_CHROME);
}

function installLavapipe(machine: Machine): boolean {
  const { id, codename } = distribution(machine.osRelease);
  if (!machine.mayInstall || (id !== "debian" && id !== "ubuntu")) return false;
  machine.say(
    "found no GPU driver that WebGPU accepts; installing Mesa's lavapipe, a software one (a minute)",
  );
  // Dawn refuses the Mesa 22.3 of Debian 12 itself.
  const release = codename === "bookworm" ? "bookworm-backports" : undefined;
  if (release && !machine.aptSources.includes(release)) {
    const mirror = mirrorOf(machine.aptSources, codename);
    if (!mirror) return false;
    machine.addAptSource("vitrine-backports.sources", backportsSource(mirror, release));
  }
  return aptInstall(machine, ["mesa-vulkan-drivers", "libvulkan1"], release);
}

function aptInstall(machine: Machine, packages: readonly string[], release?: string): boolean {
  const patience = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"];
  // A source that has nothing to do with this one may fail to update; installing tells.
  machine.run("apt-get", [...patience, "-qq", "update"]);
  const target = release ? ["--target-release", release] : [];
  return machine.run("apt-get", [
    ...patience,
    "-qq",
    "-y",
    "--no-install-recommends",
    ...target,
    "install",
    ...packages,
  ]);
}

/** Identity and code name of a Linux distribution, as /etc/os-release has them. */
export function distribution(osRelease: string): { id: string; codename: string } {
  const field = (name: string): string =>
    osRelease.match(new RegExp(`^${name}="?([^"\\n]*)"?$`, "m"))?.[1] ?? "";
  return { id: field("ID"), codename: field("VERSION_CODENAME") };
}

/** The mirror from which APT takes a suite, in either of its two formats. */
export function mirrorOf(sources: string, suite: string): string | undefined {
  for (const stanza of sources.split(/\n\s*\n/)) {
    const field = (name: string): string[] =>
      stanza
        .match(new RegExp(`^${name}:\\s*(.*)$`, "m"))?.[1]
        ?.trim()
        .split(/\s+/) ?? [];
    if (field("Types").includes("deb") && field("Suites").includes(suite)) return field("URIs")[0];
  }
  return sources.match(new RegExp(`^deb\\s+(?:\\[[^\\]]*\\]\\s+)?(\\S+)\\s+${suite}\\s`, "m"))?.[1];
}

function backportsSource(mirror: string, release: string): string {
  return [
    "Types: deb",
    `URIs: ${mirror}`,
    `Suites: ${release}`,
    "Components: main",
    "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
    "",
  ].join("\n");
}
