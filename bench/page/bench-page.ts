import type { HostFacts, Progress, SuiteOptions } from "../suite.ts";

/** Interface for the headless runner, as `window.bench`. */
export interface BenchPage {
  /** Runs the suite; everything it tells goes to `window.benchTell`, if there is one, and to the page. */
  run(
    options: Omit<SuiteOptions, "signal">,
    facts: HostFacts,
    powerPreference?: GPUPowerPreference,
  ): Promise<void>;
  /** Ends the run after the case under way. */
  stop(): void;
}

declare global {
  interface Window {
    bench?: BenchPage;
    benchTell?: (progress: Progress) => void;
  }
}
