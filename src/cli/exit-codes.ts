/** Exit codes, as the help has them. */
export const DONE = 0;
/** Something that was given cannot be right, or a file could not be read or written. */
export const REFUSED = 1;
/** The GPU or the program failed. */
export const FAILED = 2;
/** Stopped by Ctrl-C. */
export const STOPPED = 130;
