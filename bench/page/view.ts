import packageJson from "../../package.json" with { type: "json" };
import { csvReport } from "../report/csv.ts";
import { htmlReport, reportBody } from "../report/html.ts";
import { markdownReport } from "../report/markdown.ts";
import { gist } from "../report/table.ts";
import type { Environment, Results } from "../result.ts";
import type { Sizes } from "../sizes.ts";
import { chosen, type HostFacts, type Progress, unmatched } from "../suite.ts";
import type { BenchPage } from "./bench-page.ts";

/** Contents of the form; all of it is in the address as well. */
interface Form {
  readonly words: string;
  readonly sizes: Sizes;
  readonly seconds: number;
}

function element<T extends HTMLElement>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`page: expected an element "${id}", found none`);
  return found;
}

/** The visible page: a form, what is going on, and the report. */
export function createView(page: BenchPage): { readonly tell: (progress: Progress) => void } {
  const words = element("words", HTMLInputElement);
  const sizes = element("sizes", HTMLSelectElement);
  const seconds = element("seconds", HTMLInputElement);
  const run = element("run", HTMLButtonElement);
  const stop = element("stop", HTMLButtonElement);
  const status = element("status", HTMLElement);
  const bar = element("bar", HTMLProgressElement);
  const log = element("log", HTMLOListElement);
  const report = element("report", HTMLElement);
  const downloads = element("downloads", HTMLElement);
  let results: Results | undefined;
  let hidden = false;

  const address = new URLSearchParams(location.search);
  words.value = address.get("words") ?? "";
  sizes.value = address.get("sizes") ?? "auto";
  seconds.value = address.get("seconds") ?? "2.5";

  const form = (): Form => ({
    words: words.value,
    sizes: sizes.value as Sizes,
    seconds: Math.max(0.1, Number(seconds.value) || 2.5),
  });
  const remember = (): void => {
    const { words, sizes, seconds } = form();
    const search = new URLSearchParams({ words, sizes, seconds: String(seconds) });
    history.replaceState(null, "", `?${search}`);
    const filter = filterOf(words);
    const count = chosen(filter).length;
    const idle = unmatched(filter).map((word) => `“${word}”`);
    const without = idle.length === 0 ? "" : ` No case has a name with ${idle.join(", ")}.`;
    status.textContent = count === 0 ? without.trim() : `${casesOf(count)} chosen.${without}`;
    run.disabled = count === 0 || !navigator.gpu;
    if (!navigator.gpu) {
      status.textContent =
        "This browser has no WebGPU. Use Chrome or Edge 113 or newer, Firefox 141, or Safari 26.";
    }
  };
  for (const input of [words, sizes, seconds]) input.addEventListener("input", remember);
  remember();

  const busy = (is: boolean): void => {
    run.hidden = is;
    stop.hidden = !is;
    bar.hidden = !is;
  };
  run.addEventListener("click", async () => {
    const { words, sizes, seconds } = form();
    busy(true);
    hidden = document.hidden;
    status.textContent = "Starting …";
    const effort = { milliseconds: seconds * 1e3, fewest: 5, most: 25 };
    try {
      await page.run({ filter: filterOf(words), sizes, effort }, await factsOfPage());
    } catch (error) {
      status.textContent = (error as Error).message;
    } finally {
      busy(false);
    }
  });
  stop.addEventListener("click", () => {
    status.textContent = "Stopping after this case …";
    page.stop();
  });
  document.addEventListener("visibilitychange", () => {
    hidden ||= document.hidden;
  });
  downloads.addEventListener("click", (event) => {
    const format = event.target instanceof HTMLElement ? event.target.dataset.format : undefined;
    if (format && results) deliver(format, results);
  });

  return {
    tell(progress) {
      switch (progress.kind) {
        case "start":
          busy(true);
          log.replaceChildren();
          report.replaceChildren();
          downloads.hidden = true;
          bar.max = progress.cases;
          bar.value = 0;
          status.textContent = `${nameOf(progress.environment)}: measuring the limits …`;
          break;
        case "case":
          bar.value = progress.index;
          status.textContent = `${progress.index + 1} of ${bar.max}: ${progress.title} …`;
          break;
        case "row": {
          const line = document.createElement("li");
          line.textContent = `${progress.row.title}: ${gist(progress.row)}`;
          log.append(line);
          line.scrollIntoView({ block: "nearest" });
          break;
        }
        case "end":
          results = progress.results;
          busy(false);
          downloads.hidden = false;
          report.innerHTML = reportBody(results);
          status.textContent = `${casesOf(results.rows.length)} in ${Math.round(results.seconds)} s${
            hidden ? "; the tab was hidden for a while, which slows a browser down: run again" : ""
          }.`;
      }
    },
  };
}

function nameOf({ adapter, software }: Environment): string {
  return `${adapter}${software ? " (software)" : ""}`;
}

function casesOf(count: number): string {
  return count === 1 ? "1 case" : `${count} cases`;
}

function filterOf(words: string): string[] {
  return words.split(/[\s,]+/).filter(Boolean);
}

async function factsOfPage(): Promise<HostFacts> {
  const agent = navigator.userAgent;
  const [host = agent] = agent.match(/(Firefox|Edg|Chrome|Version)\/[\d.]+/) ?? [];
  return {
    host: host.replace("Version", "Safari").replace("Edg", "Edge").replace("/", " "),
    system: agent.match(/\(([^)]*)\)/)?.[1] ?? "unknown",
    commit: "site",
    versions: { vitrine: packageJson.version },
  };
}

const KINDS: Readonly<
  Record<string, { readonly type: string; readonly write: (results: Results) => string }>
> = {
  json: { type: "application/json", write: (results) => JSON.stringify(results, null, 2) },
  csv: { type: "text/csv", write: csvReport },
  md: { type: "text/markdown", write: markdownReport },
  html: { type: "text/html", write: htmlReport },
};

/** Downloads a report; Markdown goes to the clipboard as well. */
function deliver(format: string, results: Results): void {
  const kind = KINDS[format];
  if (!kind) return;
  const text = kind.write(results);
  if (format === "md") void navigator.clipboard?.writeText(text);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind.type }));
  link.download = `vitrine-bench.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
