import type { Limits } from "./limits.ts";
import { gist } from "./report/table.ts";
import type { Environment, Results, Row } from "./result.ts";
import type { Progress } from "./suite.ts";

/** Shows how a run gets on, on one line of standard error where that is a terminal, and gathers what it told. */
export function createProgress(): {
  readonly tell: (progress: Progress) => void;
  /** The results; those so far, marked incomplete, if the run broke off. */
  readonly results: () => Results | undefined;
} {
  const { stderr } = process;
  const started = performance.now();
  const rows: Row[] = [];
  let cases = 0;
  let environment: Environment | undefined;
  let limits: Limits | undefined;
  let whole: Results | undefined;
  const show = (text: string): void => {
    if (stderr.isTTY) stderr.write(`\r\x1b[2K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
  };
  const say = (text: string): void => {
    show("");
    stderr.write(`${text}\n`);
  };
  return {
    tell(progress) {
      switch (progress.kind) {
        case "start":
          ({ cases, environment } = progress);
          say(`${environment.adapter}${environment.software ? " (software)" : ""}, ${environment.host}`);
          show("measuring the limits …");
          break;
        case "limits":
          ({ limits } = progress);
          break;
        case "case":
          show(`${progress.index + 1}/${cases} ${progress.title} …`);
          break;
        case "row":
          rows.push(progress.row);
          say(`${String(rows.length).padStart(3)}/${cases} ${progress.row.id}: ${gist(progress.row)}`);
          break;
        case "end":
          whole = progress.results;
          show("");
      }
    },
    results() {
      if (whole || !environment || !limits) return whole;
      const seconds = (performance.now() - started) / 1e3;
      return { format: 1, environment, limits, complete: false, seconds, rows };
    },
  };
}
