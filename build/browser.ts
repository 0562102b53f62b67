import puppeteer, { type Browser } from "puppeteer";
import { findChrome } from "../src/node/chrome.ts";
import { NO_CHROME } from "./machine.ts";

export type { Browser };

/** Headless WebGPU on Chrome's own software adapter; without the last three, drawing to a canvas kills the device. */
const SOFTWARE_FLAGS = ["--use-vulkan=swiftshader", "--enable-features=Vulkan", "--use-angle=swiftshader"];

/** WebGPU on the machine's GPU; on Linux it goes through Vulkan. */
const HARDWARE_FLAGS =
  process.platform === "linux"
    ? ["--enable-features=Vulkan", "--use-angle=vulkan", "--ignore-gpu-blocklist"]
    : [];

const QUIET_FLAGS = [
  "--enable-unsafe-webgpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface LaunchOptions {
  /** The machine's GPU in place of the software adapter; for the benchmark. */
  readonly hardware?: boolean;
  readonly headless?: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly args?: readonly string[];
  /** Close it on Ctrl-C; false for a caller that has work to finish first. Default true. */
  readonly closeOnInterrupt?: boolean;
}

/**
 * Starts Chrome with WebGPU, on a software adapter unless told otherwise. The caller closes it; it also dies with this process.
 * @throws Error naming what to run when there is no Chrome.
 */
export async function launchBrowser(options: LaunchOptions = {}): Promise<Browser> {
  const {
    hardware = false,
    headless = true,
    width = 1280,
    height = 800,
    args = [],
    closeOnInterrupt = true,
  } = options;
  const executablePath = findChrome();
  if (!executablePath) throw new Error(NO_CHROME);
  return puppeteer.launch({
    executablePath,
    headless,
    defaultViewport: { width, height },
    handleSIGINT: closeOnInterrupt,
    timeout: 60_000,
    // Compiling a network's kernels on the software adapter can hold a page for a minute.
    protocolTimeout: 180_000,
    args: [
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      ...QUIET_FLAGS,
      ...(hardware ? HARDWARE_FLAGS : SOFTWARE_FLAGS),
      ...args,
    ],
  });
}
