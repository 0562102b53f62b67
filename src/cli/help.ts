import type { CliCommand } from "./commands/command.ts";
import { COMMANDS } from "./commands/list.ts";
import { OPTIONS, type Option, type OptionName } from "./options.ts";

const WIDTH = 92;

const CODES = [
  "0  done",
  "1  the command line, a file or an option cannot be right, or is not supported; one line on standard error says what. Of several images also when one of them could not be used",
  "2  the GPU or the program failed",
  "130  stopped by Ctrl-C",
];

/** The help of all commands. */
export function generalHelp(version: string): string {
  const longest = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    `vitrine ${version}: see inside convolutional networks`,
    "",
    "Usage: vitrine COMMAND [options]",
    "",
    "Commands:",
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(longest)}  ${summary}`),
    "",
    ...options(COMMANDS.flatMap((command) => command.options).concat("help", "version")),
    "",
    "Examples:",
    ...COMMANDS.flatMap(({ examples }) => examples.slice(0, 1).map((example) => `  ${example}`)),
    "",
    "Exit codes:",
    ...CODES.flatMap((line) => wrap(line, 2, 5)),
    "",
    'Numbers go to standard output, everything else to standard error. "vitrine COMMAND --help" says more.',
  ].join("\n");
}

/** The help of one command. */
export function commandHelp(command: CliCommand): string {
  return [
    `vitrine ${[command.name, command.usage].filter(Boolean).join(" ")} [options]`,
    "",
    command.summary,
    ...(command.details.length > 0 ? ["", ...command.details.flatMap((line) => wrap(line, 0, 0))] : []),
    "",
    ...options([...command.options, "help"]),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
  ].join("\n");
}

function options(names: readonly OptionName[]): string[] {
  const shown: readonly Option[] = [...new Set(names)].map((name) => OPTIONS[name]);
  const heads = shown.map(({ name, value, short }) =>
    [short ? `-${short}, --${name}` : `--${name}`, value].filter(Boolean).join(" "),
  );
  const column = Math.max(...heads.map((head) => head.length)) + 4;
  return [
    "Options:",
    ...shown.flatMap(({ help }, i) => {
      const [first = "", ...rest] = wrap(help, column, column);
      return [`  ${heads[i] ?? ""}`.padEnd(column) + first.trimStart(), ...rest];
    }),
  ];
}

function wrap(text: string, first: number, others: number): string[] {
  if (/ {2}/.test(text) && first === 0) return [text];
  const lines: string[] = [];
  let line = " ".repeat(first);
  let empty = true;
  for (const word of text.split(/ (?! )/)) {
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = " ".repeat(others);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
