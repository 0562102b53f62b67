import { ensureAdapter, ensureChrome, thisMachine } from "../../build/machine.ts";

/** Before any test: an adapter and a Chrome are found or installed. Without an adapter nothing runs. */
export default async function setup(): Promise<void> {
  const machine = thisMachine();
  const { driver } = ensureAdapter(machine);
  if (driver) process.env.VK_DRIVER_FILES = driver;
  // Kernels can be tested without a browser; the tests that need one fail with the same sentence.
  try {
    ensureChrome(machine);
  } catch (error) {
    machine.say((error as Error).message);
  }
}
