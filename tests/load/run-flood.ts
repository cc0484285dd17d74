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

export interface FloodResult {
  readonly claims: readonly Claim[];
  readonly figures: Readonly<Record<string, unknown>>;
  /** Bytes of the stations' process after a collection of garbage, at each tenth of the way. */
  readonly residentSets: readonly number[];
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
  idleSeconds: DAY_SECONDS,
  inferenceSeconds: DAY_SECONDS,
  uploadSeconds: DAY_SECONDS,
};
/** After it: as if hours had passed. */
const EVERYTHING: SweepLimits = { ...ONLY_SETBACKS, idleSeconds: 0, inferenceSeconds: 0 };

/** Sends a flood of uploads through the queues and stations, then looks at what is there. Sets the SDK's environment. */
export async function runFlood({ events, seed, say }: FloodOptions): Promise<FloodResult> {
  const cloud = await startFloodCloud({ events, seed });
  try {
    Object.assign(process.env, cloud.places.environment);
    const sqs = new SQSClient({});
    const stations = startStations(cloud.places);
    const started = performance.now();
    const residentSets = await pour(events, cloud, stations, sqs, say);
    await drain(cloud, sqs);
    const seconds = (performance.now() - started) / 1e3;

    await stations.sweep(ONLY_SETBACKS);
    await drain(cloud, sqs);
    const unfinishedBeforeSweep = unfinishedOf(await rowsOf(cloud.places));
    let swept = 0;
    for (let round = 0; round < SWEEP_LIMITS.sweepsAtMost; round++) {
      const { sent } = await stations.sweep(EVERYTHING);
      if (sent === 0) break;
      swept += sent;
      say(`swept ${sent}`);
      await drain(cloud, sqs);
    }
    await stations.stop();

    const plan = planFlood({ events, seed });
    const rows = await rowsOf(cloud.places);
    const deadLetters = await deadLettersOf(cloud.places);
    const { counts } = stations;
    const claims = claimsOf({ plan, rows, deadLetters, unfinishedBeforeSweep, counts });
    const byStatus = countBy(rows.gradings, ({ status, rejection }) => rejection?.code ?? status);
    const figures = {
      events,
      seed,
      uploads: plan.uploads.length,
      byStatus,
      records: rows.records.length,
      deadLetters: deadLetters.length,
      retried: counts.retried,
      swept,
      seconds: Math.round(seconds),
      eventsPerSecond: Number((events / seconds).toPrecision(3)),
    };
    sqs.destroy();
    return { claims, figures, residentSets };
  } finally {
    await cloud.close();
  }
}

async function pour(
  events: number,
  cloud: FloodCloud,
  stations: FloodStations,
  sqs: SQSClient,
  say: FloodOptions["say"],
): Promise<number[]> {
  const queues = QUEUES.map((name) => cloud.places.queues[name].url);
  const residentSets: number[] = [];
  // At least one look at the memory a tenth.
  const atOnce = Math.min(EVENTS_AT_ONCE, Math.ceil(events / TENTHS));
  for (let from = 0; from < events; from += atOnce) {
    const to = Math.min(events, from + atOnce);
    await cloud.pour(from, to);
    while ((await messagesIn(sqs, queues)) > MESSAGES_WAITING) await pause(POLL_MS);
    if (Math.floor((to * TENTHS) / events) === residentSets.length) continue;
    await stations.sweep(ONLY_SETBACKS);
    globalThis.gc?.();
    residentSets.push(process.memoryUsage.rss());
    say(`${to} events, resident set ${Math.round(residentSets.at(-1)! / 2 ** 20)} MiB`);
  }
  return residentSets;
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
