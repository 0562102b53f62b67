import { look } from "./look.ts";
import { picture } from "./picture.ts";
import { roomView } from "./room-view.ts";
import { selection } from "./selection.ts";
import type { StateOf } from "./slice.ts";
import { subject } from "./subject.ts";

/** The slices that belong to no question. */
export const SHARED_SLICES = [picture, selection, roomView, look, subject] as const;

/** The state that the room and every panel can follow. */
export type SharedState = StateOf<typeof SHARED_SLICES>;
