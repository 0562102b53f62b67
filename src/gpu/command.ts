import { InputError } from "./errors.ts";
import { describe } from "./options.ts";

/** Work to be recorded into an open compute pass. */
export interface Recording {
  /** Records the work into an open compute pass. */
  encode(pass: GPUComputePassEncoder): void;
}

/** Work that can be recorded: it allocates nothing, submits nothing and writes no queue when it is. */
export interface Command extends Recording {
  /** Frees what the command allocated; buffers that were passed in stay. */
  destroy(): void;
}

/**
 * Records commands into the caller's encoder as one compute pass.
 * @throws InputError when that is no encoder.
 */
export function recordCommands(
  encoder: GPUCommandEncoder,
  commands: Iterable<Command>,
  descriptor: GPUComputePassDescriptor = {},
): void {
  assertEncoder("recordCommands", encoder);
  const pass = encoder.beginComputePass(descriptor);
  for (const command of commands) command.encode(pass);
  pass.end();
}

/** @throws InputError when what an untyped caller gave is no command encoder. */
export function assertEncoder(who: string, encoder: GPUCommandEncoder): void {
  if (typeof (encoder as Partial<GPUCommandEncoder> | undefined)?.beginComputePass === "function") return;
  throw new InputError(
    `${who}: expected a GPUCommandEncoder, got ${describe(encoder)}; device.createCommandEncoder() makes one`,
  );
}

/** Several commands as one, in order; destroying it destroys them. */
export function sequence(commands: readonly Command[]): Command {
  return {
    encode: (pass) => {
      for (const command of commands) command.encode(pass);
    },
    destroy: () => {
      for (const command of commands) command.destroy();
    },
  };
}

/**
 * Several commands that are still being made, as one, in order. Where one of them fails, the others are destroyed.
 */
export async function createSequence(made: readonly Promise<Command>[]): Promise<Command> {
  const results = await Promise.allSettled(made);
  const commands = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (!failed) return sequence(commands);
  for (const command of commands) command.destroy();
  throw failed.reason;
}

/** A command that does nothing. */
export const NOTHING: Command = { encode: () => {}, destroy: () => {} };
