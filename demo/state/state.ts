import { whySlice } from "../why/slice.ts";
import { SHARED_SLICES } from "./shared.ts";
import type { StateOf } from "./slice.ts";

/** Every slice of the page's state, in the order of the address. */
export const SLICES = [...SHARED_SLICES, whySlice] as const;

/** Everything that the page can show again from its address. */
export type State = StateOf<typeof SLICES>;
