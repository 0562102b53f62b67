import { parseArgs } from "node:util";
import type { Effort } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

export const HELP = `Measures Vitrine's kernels and techniques beside tfjs, ONNX Runtime Web and jax-js, on one device in one run.

  npm run bench -- [options] [words]

Words choose cases whose name holds one of them: npm run bench -- occlusion vgg16

  --filter WORDS     the same, separated by commas
  --list             name the cases and stop
  --host HOST        chrome (default; headless) or node (Dawn: for servers with a GPU and no Chrome)
  --adapter WHICH    high-performance (default), low-power, or software
  --sizes SIZES      auto (default: the published sizes, smaller ones where a software adapter would take minutes),
                     real, or small
  --onnx PATHS       networks of your own instead of the suite: ONNX files, or folders of them, separated by commas; each is
                     opened by Vitrine, ONNX Runtime Web and jax-js (and as a graph by tfjs), forward and back to
                     the input; with --host node
  --seconds N        how long a case is measured (default: 2; on a software adapter 0.8)

  --json FILE        write the results; "-" prints them, as with the next three
  --csv FILE
  --markdown FILE
  --html FILE        a report with plots that needs no other file
  --baseline FILE    compare the ratios with those of an earlier --json, of the same adapter and host; exit 1 on a
                     regression
  --threshold SHARE  how much a ratio may fall before it counts, beside its own spread (default: 0.15)
  --keep DIR         where a run of the whole suite is kept, figures and a table for each adapter and host (default:
                     bench/results; "none" keeps nothing)

Ctrl-C ends the run after the case under way and reports what was measured; twice, at once.
Exit code: 0; 1 for a wrong result, a failure of ours or a regression; 2 for bad options, a file that
cannot be written (found before the run), or a baseline of another adapter or host.
`;

export type AdapterChoice = "high-performance" | "low-power" | "software";

export interface Options {
  readonly help: boolean;
  readonly list: boolean;
  readonly filter: readonly string[];
  readonly host: "chrome" | "node";
  readonly adapter?: AdapterChoice | undefined;
  readonly sizes: Sizes;
  /** ONNX files, and folders of them, to measure in place of the suite. */
  readonly onnx: readonly string[];
  readonly effort?: Effort | undefined;
  readonly outputs: Readonly<Partial<Record<Format, string>>>;
  readonly baseline?: string | undefined;
  readonly threshold: number;
  /** Folder in which a whole run is kept, "none" for nowhere; left out: bench/results. */
  readonly keep?: string | undefined;
}

export const FORMATS = ["json", "csv", "markdown", "html"] as const;
export type Format = (typeof FORMATS)[number];

/** Reads the command line. @throws Error that says what was expected. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      filter: { type: "string", default: "" },
      list: { type: "boolean", default: false },
      host: { type: "string", default: "chrome" },
      adapter: { type: "string" },
      sizes: { type: "string", default: "auto" },
      onnx: { type: "string", default: "" },
      seconds: { type: "string" },
      json: { type: "string" },
      csv: { type: "string" },
      markdown: { type: "string" },
      html: { type: "string" },
      baseline: { type: "string" },
      threshold: { type: "string", default: "0.15" },
      keep: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const seconds = values.seconds === undefined ? undefined : number("seconds", values.seconds);
  const outputs = Object.fromEntries(
    FORMATS.flatMap((format) => {
      const file = values[format];
      return file === undefined ? [] : [[format, file]];
    }),
  );
  const adapter =
    values.adapter === undefined
      ? undefined
      : oneOf("adapter", values.adapter, ["high-performance", "low-power", "software"]);
  const onnx = listed(values.onnx);
  if (onnx.length > 0 && values.host !== "node") {
    throw new Error(`--onnx: expected --host node, which reads files, got "${values.host}"`);
  }
  return {
    help: values.help,
    list: values.list,
    filter: [...listed(values.filter), ...positionals.flatMap(listed)],
    host: oneOf("host", values.host, ["chrome", "node"]),
    adapter,
    sizes: oneOf("sizes", values.sizes, ["auto", "real", "small"]),
    onnx,
    effort: seconds === undefined ? undefined : { milliseconds: seconds * 1e3, fewest: 5, most: 25 },
    outputs,
    baseline: values.baseline,
    threshold: number("threshold", values.threshold),
    keep: values.keep,
  };
}

/** Words between commas. */
function listed(words: string): string[] {
  return words
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
}

function oneOf<const T extends string>(name: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new Error(`--${name}: expected ${choices.join(", ")}, got "${value}"`);
  return found;
}

function number(name: string, value: string): number {
  const parsed = Number(value);
  if (value.trim() === "" || !Number.isFinite(parsed) || parsed < 0) {
    throw new Error(`--${name}: expected a number of at least 0, got "${value}"`);
  }
  return parsed;
}
