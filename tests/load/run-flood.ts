import { setTimeout as pause } from "node:timers/promises";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SWEEP_LIMITS } from "../../core/contracts/cloud-limits.ts";
import type { SweepLimits } from "../../core/stations/sweep.ts";
import { messagesIn } from "./event-source.ts";
import { type Claim, claimsOf } from "./flood-claims.ts";
import { type FloodCloud, startFloodCloud } from "./flood-cloud.ts";
import { deadLettersOf, rowsOf, unfinishedOf } from "./flood-outcome.ts";
import { planFlood, QUEUES } from "./flood-plan.ts";
import { type FloodStations, startStations } from "./flood-stations.ts";

export interface FloodOptions {
  readonly events: number;
  readonly seed: number;
  readonly say: (sentence: string) => void;
}

/** Bytes after a collection of garbage. */
export interface MemoryUse {
  readonly residentSet: number;
  /** What JavaScript holds, buffers included: without the holes that collected garbage leaves in the resident set. */
  readonly held: number;
}

export interface FloodResult {
  readonly claims: readonly Claim[];
  readonly figures: Readonly<Record<string, unknown>>;
  /** Of the stations' process, at each tenth of the way. */
  readonly memory: readonly MemoryUse[];
}

const TENTHS = 10;
const EVENTS_AT_ONCE = 25;
/** Enough that no station waits, and few enough that the clinics do not run far ahead. */
const MESSAGES_WAITING = 300;
const POLL_MS = 250;
/** A message that failed comes again within 10 s; what has not moved for so long will not. */
const STUCK_SECONDS = 180;
const DAY_SECONDS = 24 * 3600;
/** During the flood: whatever was set back is due at once, and nothing else for a day. */
const ONLY_SETBACKS: SweepLimits = {
  ...SWEEP_LIMITS,
  setbackSeconds: 0,
  idleSeconds: DAY_SECONDS,
  inferenceSeconds: DAY_SECONDS,
  uploadSeconds: DAY_SECONDS,
};
/** After it: as if hours had passed. */
const EVERYTHING: SweepLimits = { ...ONLY_SETBACKS, idleSeconds: 0, inferenceSeconds: 0 };

/** Sends a flood of uploads through the queues and stations, then looks at what is there. Sets the SDK's environment. */
export async function runFlood(options: FloodOptions): Promise<FloodResult> {
  const cloud = await startFloodCloud(options);
  try {
    Object.assign(process.env, cloud.places.environment);
    const stations = startStations(cloud.places);
    try {
      return await floodOf(options, cloud, stations);
    } finally {
      await stations.stop();
    }
  } finally {
    await cloud.close();
  }
}

async function floodOf({ events, seed, say }: FloodOptions, cloud: FloodCloud, stations: FloodStations) {
  const sqs = new SQSClient({});
  const started = performance.now();
  const memory = await pour(events, cloud, stations, sqs, say);
  await drain(cloud, sqs);
  const seconds = (performance.now() - started) / 1e3;

  await stations.sweep(ONLY_SETBACKS);
  await drain(cloud, sqs);
  const unfinishedBeforeSweep = unfinishedOf(await rowsOf(cloud.places));
  let swept = 0;
  for (let round = 0; round < SWEEP_LIMITS.triesAtMost; round++) {
    const { sent } = await stations.sweep(EVERYTHING);
    if (sent === 0) break;
    swept += sent;
    say(`swept ${sent}`);
    await drain(cloud, sqs);
  }
  sqs.destroy();

  const plan = planFlood({ events, seed });
  const rows = await rowsOf(cloud.places);
  const deadLetters = await deadLettersOf(cloud.places);
  const { counts } = stations;
  const figures = {
    events,
    seed,
    uploads: plan.uploads.length,
    byStatus: countBy(rows.gradings, ({ status, rejection }) => rejection?.code ?? status),
    records: rows.records.length,
    deadLetters: deadLetters.length,
    retried: counts.retried,
    swept,
    seconds: Math.round(seconds),
    eventsPerSecond: Number((events / seconds).toPrecision(3)),
  };
  return { claims: claimsOf({ plan, rows, deadLetters, unfinishedBeforeSweep, counts }), figures, memory };
}

async function pour(
  events: number,
  cloud: FloodCloud,
  stations: FloodStations,
  sqs: SQSClient,
  say: FloodOptions["say"],
): Promise<MemoryUse[]> {
  const queues = QUEUES.map((name) => cloud.places.queues[name].url);
  const memory: MemoryUse[] = [];
  // At least one look at the memory a tenth.
  const atOnce = Math.min(EVENTS_AT_ONCE, Math.ceil(events / TENTHS));
  for (let from = 0; from < events; from += atOnce) {
    const to = Math.min(events, from + atOnce);
    await cloud.pour(from, to);
    while ((await messagesIn(sqs, queues)) > MESSAGES_WAITING) await pause(POLL_MS);
    if (Math.floor((to * TENTHS) / events) === memory.length) continue;
    await stations.sweep(ONLY_SETBACKS);
    memory.push(memoryUse());
    say(`${to} events, resident set ${Math.round(memory.at(-1)!.residentSet / 2 ** 20)} MiB`);
  }
  return memory;
}

function memoryUse(): MemoryUse {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { residentSet: rss, held: heapUsed + external };
}

/** Until the queues are empty and the endpoint has answered. Gives up on queues that stay as they are. */
async function drain(cloud: FloodCloud, sqs: SQSClient): Promise<void> {
  const queues = QUEUES.map((name) => cloud.places.queues[name].url);
  let [least, moved] = [Number.POSITIVE_INFINITY, performance.now()];
  for (;;) {
    const before = await messagesIn(sqs, queues);
    await cloud.settle();
    const left = before + (await messagesIn(sqs, queues));
    if (left === 0) return;
    if (left < least) [least, moved] = [left, performance.now()];
    if (performance.now() - moved > STUCK_SECONDS * 1e3) return;
    await pause(POLL_MS);
  }
}

function countBy<T>(all: readonly T[], name: (one: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of all) counts[name(one)] = (counts[name(one)] ?? 0) + 1;
  return counts;
}
