/** One option of the command line. */
export interface Option {
  readonly name: string;
  /** The placeholder of its value; absent for a switch. */
  readonly value?: string;
  /** One letter that means the same. */
  readonly short?: string;
  /** True where it may be given more than once. */
  readonly many?: boolean;
  readonly help: string;
}
