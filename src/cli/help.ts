import { inColumns, table, wrap } from "./columns.ts";
import type { CliCommand } from "./commands/command.ts";
import { COMMANDS } from "./commands/list.ts";
import { DONE, FAILED, REFUSED, STOPPED } from "./exit-codes.ts";
import type { Option } from "./option.ts";
import { OPTIONS, type OptionName } from "./options.ts";

const CODES = [
  [DONE, "done"],
  [
    REFUSED,
    "the command line, a file or an option cannot be right, or is not supported; one line on standard error says what. Also when one of several images could not be used",
  ],
  [FAILED, "the GPU or the program failed"],
  [STOPPED, "stopped by Ctrl-C"],
] as const;

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
    ...CODES.flatMap(([code, text]) => inColumns(`  ${code}  `, text, 5)),
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
    ...(command.rows ? ["", ...table(command.rows)] : []),
    ...command.details.flatMap((text) => ["", ...wrap(text)]),
    "",
    ...options([...command.options, "help"], command.help),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
  ].join("\n");
}

function options(names: readonly OptionName[], help: CliCommand["help"] = {}): string[] {
  const shown: readonly Option[] = [...new Set(names)].map((name) => OPTIONS[name]);
  const heads = shown.map(({ name, value, short }) =>
    [short ? `  -${short}, --${name}` : `  --${name}`, value].filter(Boolean).join(" "),
  );
  const column = Math.max(...heads.map((head) => head.length)) + 2;
  return [
    "Options:",
    ...shown.flatMap((option, i) => {
      const text = help[option.name as OptionName] ?? option.help;
      return inColumns(heads[i] ?? "", text, column);
    }),
  ];
}
