import { RandomStream } from "../../phantom/random.ts";

/** What a clinic uploads, good or not. */
export type Content = "good" | "no-zip" | "truncated" | "no-manifest" | "early-hours" | "damaged-picture";

/** What the endpoint does with the first request for a clip; each further one is answered once. */
export type Answer = "told-once" | "told-twice" | "not-told" | "died";

export const QUEUES = ["stored", "crop", "finished"] as const;
export type QueueName = (typeof QUEUES)[number];

export interface PlannedUpload {
  readonly gradingId: string;
  readonly clinicId: string;
  /** Of the archive; the same embryo is always the same archive. */
  readonly embryo: number;
  readonly ageYears: number | null;
  readonly content: Content;
  readonly isEventLost: boolean;
  readonly answer: Answer;
}

/** One event of the flood: the notification of an upload (which is lost where the upload says so), or a message that is none. */
export type PlannedEvent =
  | { readonly of: "upload"; readonly upload: PlannedUpload }
  | { readonly of: "poison"; readonly queue: QueueName; readonly body: string };

export interface FloodPlan {
  readonly uploads: readonly PlannedUpload[];
  /** As they come. */
  readonly events: readonly PlannedEvent[];
}

const CLINICS = ["north", "south", "east", "west"];
const BAD: readonly Content[] = ["no-zip", "truncated", "no-manifest", "early-hours", "damaged-picture"];

const SHARE_BAD = 0.1;
/** Of the good: an archive that the clinic has uploaded before, with the same age, or with a corrected one. */
const SHARE_AGAIN = 0.15;
const SHARE_CORRECTED = 0.05;
/** The score of an age is explained by a picture, which takes longer than all else. */
const SHARE_WITH_AGE = 0.1;
const SHARE_DOUBLED = 0.2;
const SHARE_LOST = 0.02;
const SHARE_REORDERED = 0.1;
const PLACES_LATE_AT_MOST = 50;
const SHARE_POISON = 0.01;
const ANSWERS: readonly (readonly [Answer, share: number])[] = [
  ["told-twice", 0.1],
  ["not-told", 0.01],
  ["died", 0.01],
];

/**
 * The whole flood, the same for the same seed. A doubled notification is two events; so many uploads are planned that there
 * are as many events as asked for.
 */
export function planFlood({ events: count, seed }: { readonly events: number; readonly seed: number }): FloodPlan {
  const dice = new RandomStream(seed, "flood");
  const uploads: PlannedUpload[] = [];
  const events: PlannedEvent[] = [];
  while (events.length < count) {
    if (chance(dice, SHARE_POISON)) {
      events.push({ of: "poison", queue: oneOf(dice, QUEUES), body: `{"poison": ${events.length}` });
      continue;
    }
    const upload = planUpload(uploads, dice);
    uploads.push(upload);
    events.push({ of: "upload", upload });
    const isDoubled = !upload.isEventLost && chance(dice, SHARE_DOUBLED);
    if (isDoubled && events.length < count) events.push({ of: "upload", upload });
  }
  return { uploads, events: reordered(events, dice) };
}

function planUpload(before: readonly PlannedUpload[], dice: RandomStream): PlannedUpload {
  const upload: PlannedUpload = {
    gradingId: `flood-${before.length}`,
    clinicId: oneOf(dice, CLINICS),
    embryo: before.length,
    ageYears: chance(dice, SHARE_WITH_AGE) ? dice.whole(25, 44) : null,
    content: chance(dice, SHARE_BAD) ? oneOf(dice, BAD) : "good",
    isEventLost: chance(dice, SHARE_LOST),
    answer: planAnswer(dice),
  };
  const isAgain = chance(dice, SHARE_AGAIN);
  const isCorrected = chance(dice, SHARE_CORRECTED);
  if (before.length === 0 || !(isAgain || isCorrected)) return upload;
  const { clinicId, embryo, ageYears, content } = oneOf(dice, before);
  return { ...upload, clinicId, embryo, content, ageYears: isCorrected ? dice.whole(25, 44) : ageYears };
}

function planAnswer(dice: RandomStream): Answer {
  let share = dice.next();
  for (const [answer, ofAll] of ANSWERS) {
    if (share < ofAll) return answer;
    share -= ofAll;
  }
  return "told-once";
}

function reordered(events: readonly PlannedEvent[], dice: RandomStream): PlannedEvent[] {
  const places = events.map((_, n) => n + (chance(dice, SHARE_REORDERED) ? dice.whole(1, PLACES_LATE_AT_MOST) : 0));
  return events
    .map((event, n) => ({ event, place: places[n]! }))
    .sort((a, b) => a.place - b.place)
    .map(({ event }) => event);
}

function chance(dice: RandomStream, share: number): boolean {
  return dice.next() < share;
}

function oneOf<T>(dice: RandomStream, of: readonly T[]): T {
  return of[dice.whole(0, of.length - 1)]!;
}

/** Gradings that nothing but the sweep can find once the queues are empty: what was to tell of them was lost. */
export function lostGradings({ uploads }: FloodPlan): string[] {
  return uploads
    .filter(({ isEventLost, content, answer }) => isEventLost || (content === "good" && answer === "not-told"))
    .map(({ gradingId }) => gradingId);
}

/** One text for each record there has to be. */
export function expectedRecords({ uploads }: FloodPlan): Set<string> {
  const good = uploads.filter(({ content }) => content === "good");
  return new Set(good.map(({ clinicId, embryo, ageYears }) => recordName(clinicId, embryoIdOf(embryo), ageYears)));
}

export function recordName(clinicId: string, embryoId: string, ageYears: number | null): string {
  return [clinicId, embryoId, ageYears].join(" / ");
}

export function embryoIdOf(embryo: number): string {
  return `embryo ${embryo}`;
}
