/** One option of the command line. */
export interface Option {
  readonly name: string;
  /** The placeholder of its value; absent for a switch. */
  readonly value?: string | undefined;
  /** One letter that means the same. */
  readonly short?: string | undefined;
  /** True where it may be given more than once. */
  readonly many?: boolean | undefined;
  readonly help: string;
}
