/**
 * A network's memory, batches, frames as input, backward plan, and tuning.
 * @module vitrine/network
 */
import "./gpu/platform.ts";

export { type TextStore, type TuneOptions, type Tuning, tuneConvolutions } from "./kernels/tune.ts";
export {
  type BackwardPlan,
  type BackwardRequest,
  type BackwardStep,
  formatBackwardPlan,
} from "./network/backward-plan.ts";
export { createFrameInput, type FrameInput } from "./network/frames.ts";
export { fixInputs } from "./network/inputs.ts";
export {
  type BatchOptions,
  batchWithin,
  DEFAULT_MEMORY,
  type Footprint,
  footprintOf,
  memoryOf,
} from "./network/memory.ts";
export {
  createNetworks,
  type Networks,
  type NetworksOptions,
  type PooledBatchOptions,
  type PooledOptions,
} from "./network/pool.ts";
export type { LayerRules } from "./network/rules.ts";
