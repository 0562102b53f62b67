/** One side of a comparison, warmed and measured like the others. */
export interface Runner {
  /** Does the work `times` times over; when it settles, all of it is on the GPU's queue. */
  submit(times: number): void | Promise<void>;
  /** Reads the result of the last run, in the layout that the case's check expects. */
  read(): Promise<Float32Array>;
  destroy(): void;
}
