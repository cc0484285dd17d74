import { randomUUID } from "node:crypto";
import type { Clock, IdSource } from "../../core/ports.ts";

export const systemClock: Clock = { now: () => new Date() };

/** UUIDs of version 4: 36 characters of 0-9, a-f and -. */
export const randomIds: IdSource = { next: () => randomUUID() };
