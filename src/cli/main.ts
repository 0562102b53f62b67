import { InputError, ModelError, UnsupportedError } from "../gpu/errors.ts";
import { nearest } from "../gpu/options.ts";
import type { CliCommand } from "./commands/command.ts";
import { COMMANDS } from "./commands/list.ts";
import { messageOf } from "./error-messages.ts";
import { DONE, FAILED, REFUSED, STOPPED } from "./exit-codes.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { expandNames } from "./image-names.ts";
import { type Io, printLines, UsageError } from "./io.ts";
import { ownPackage } from "./model.ts";
import { parseArguments } from "./options.ts";
import { printableIo } from "./printable.ts";
import { openTerminal } from "./terminal.ts";
import { Values } from "./values.ts";

/**
 * Runs a command line (without the program's name) and says the exit code: 0 done, 1 input that cannot be right, 2 a
 * failure of the GPU or the program, 130 stopped. Never throws.
 */
export async function main(argv: readonly string[], io?: Io): Promise<number> {
  if (io) return run(argv, io);
  const terminal = openTerminal();
  const code = await run(argv, terminal);
  try {
    await terminal.close();
  } catch (error) {
    // Where the command noticed, it has said so.
    return code === DONE ? refuse(error, terminal) : code;
  }
  return code;
}

async function run(argv: readonly string[], bare: Io): Promise<number> {
  const io = printableIo(bare);
  try {
    const { positionals, values: given } = parseArguments(argv);
    const values = new Values({ positionals, values: given });
    const [name, ...rest] = positionals;
    const { version } = ownPackage();
    if (values.has("version")) {
      io.out(version);
      return DONE;
    }
    if (name === undefined) {
      if (values.has("help")) {
        printLines(io, generalHelp(version));
        return DONE;
      }
      throw new UsageError(
        `expected a command (${COMMANDS.map((command) => command.name).join(", ")}), got none; "vitrine --help" explains them`,
      );
    }
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (!command) {
      const names = COMMANDS.map((candidate) => candidate.name);
      const near = nearest(name, names);
      throw new UsageError(
        `expected a command (${names.join(", ")}), got "${name}"${near ? `; did you mean ${near}?` : ""}`,
      );
    }
    if (values.has("help")) {
      printLines(io, commandHelp(command));
      return DONE;
    }
    for (const option of given.keys()) {
      if (!command.options.includes(option)) throw new UsageError(`${name} takes no --${option}`);
    }
    await command.run(...(await withNames(command, rest, values)), io);
    return DONE;
  } catch (error) {
    io.progress();
    const { aborted, reason } = io.signal;
    if (aborted && !(reason instanceof InputError)) {
      io.err("vitrine: stopped");
      return STOPPED;
    }
    return refuse(aborted ? reason : error, io);
  }
}

/** A command's arguments, with the folders and patterns among its images as the files that they mean. */
async function withNames(
  { options, leading = () => 0 }: CliCommand,
  positionals: readonly string[],
  values: Values,
): Promise<[positionals: readonly string[], values: Values]> {
  if (!options.includes("image")) return [positionals, values];
  const first = leading(values);
  const images = await expandNames(positionals.slice(first));
  const more = await expandNames(values.all("image"));
  return [[...positionals.slice(0, first), ...images], values.with("image", more)];
}

/** Says in one line what went wrong. @returns the exit code. */
function refuse(error: unknown, io: Io): number {
  io.err(`vitrine: ${messageOf(error).replaceAll(/\s*\n\s*/g, " ")}`);
  const refused = [UsageError, InputError, ModelError, UnsupportedError].some(
    (kind) => error instanceof kind,
  );
  if (!refused && process.env.VITRINE_DEBUG && error instanceof Error) {
    for (const line of (error.stack ?? "").split("\n")) io.err(line);
  }
  return refused ? REFUSED : FAILED;
}
