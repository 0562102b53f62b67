import { InputError, ModelError, UnsupportedError } from "../../src/gpu/errors.ts";

/** Letters of a message that somebody is to read, at most. */
const MOST_LETTERS = 10_000;

/** What is wrong with an error that a reader threw; nothing when it is one of those that refuse a file. */
export function faultOf(error: unknown): string | undefined {
  const refusal = [InputError, ModelError, UnsupportedError].some((kind) => error instanceof kind);
  if (!refusal) return error instanceof Error ? (error.stack ?? String(error)) : String(error);
  const { length } = (error as Error).message;
  return length > MOST_LETTERS ? `a message of ${length} letters` : undefined;
}
