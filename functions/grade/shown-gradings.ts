import type { Grading, GradingAnswer, RecordKey } from "../../core/contracts/grading.ts";
import type { RankedAnswer } from "../../core/contracts/http.ts";
import type { GradingStore, RecordStore } from "../../core/ports.ts";
import { answerOf, rankCohort } from "../../core/stations/answer.ts";
import type { ServedCalibrator } from "../../core/stations/pregnancy-answer.ts";

/** What an embryo's answer is read from. */
export interface ShownPorts {
  /** Whether the serving bundle's weights are trained on phantoms. */
  readonly demo: boolean;
  /** A clinic's pregnancy calibrator of the day; null where it has none. */
  readonly calibratorOf: (clinicId: string) => Promise<ServedCalibrator | null>;
  readonly gradings: GradingStore;
  readonly records: RecordStore;
}

/** A grading's answer, with its record where it has one. */
export async function answerWithRecord(grading: Grading, ports: ShownPorts): Promise<GradingAnswer> {
  const record = grading.recordKey && (await ports.records.find(grading.recordKey));
  const calibrator = await ports.calibratorOf(grading.clinicId);
  return answerOf(grading, record, { demo: ports.demo, calibrator });
}

/** The grading an embryo is shown by: its newest record's, else the newest. A later rejection never hides a record. */
export async function shownGrading(clinicId: string, embryoId: string, ports: ShownPorts): Promise<Grading | null> {
  const record = await ports.records.findNewest(clinicId, embryoId);
  const recorded = record && (await ports.gradings.find(record.gradingId));
  const newest = await ports.gradings.findByEmbryo(clinicId, embryoId);
  // Between the record's write and its grading's the newest grading is still the truth.
  if (!recorded?.recordKey) return newest;
  // A still's cycle is said at the upload, so that it can be corrected without another picture and thus another record.
  const isOfRecord = newest?.recordKey && isSameRecord(newest.recordKey, recorded.recordKey);
  return isOfRecord && newest.cycleId !== null && newest.cycleId !== recorded.cycleId ? newest : recorded;
}

function isSameRecord(one: RecordKey, other: RecordKey): boolean {
  return Object.entries(one).every(([name, value]) => other[name as keyof RecordKey] === value);
}

/** The answers that embryos are shown by, in the order of their gradings. */
export async function answersOfEmbryos(
  clinicId: string,
  gradings: readonly Grading[],
  ports: ShownPorts,
): Promise<GradingAnswer[]> {
  const shown = gradings.map(async (grading) => {
    const better = grading.embryoId && (await shownGrading(clinicId, grading.embryoId, ports));
    return answerWithRecord(better || grading, ports);
  });
  return Promise.all(shown);
}

/** The embryos of one cycle, best first. */
export async function rankedCycle(clinicId: string, cycleId: string, ports: ShownPorts): Promise<RankedAnswer[]> {
  const gradings = await ports.gradings.listByCycle(clinicId, cycleId);
  const answers = await answersOfEmbryos(clinicId, gradings, ports);
  // An embryo whose newest record corrects its cycle is ranked there, and not here as well.
  return rankCohort(answers.filter((shown) => shown.cycleId === cycleId));
}

/** Answers in their order, each with its embryo's rank in the whole of its cycle; without a cycle there is none. */
export async function withRanks(
  clinicId: string,
  answers: readonly GradingAnswer[],
  ports: ShownPorts,
): Promise<RankedAnswer[]> {
  const cycleIds = new Set(answers.flatMap(({ cycleId }) => cycleId ?? []));
  const cycles = await Promise.all([...cycleIds].map((cycleId) => rankedCycle(clinicId, cycleId, ports)));
  // By the grading too: an embryo may have been graded anew since its answer was read.
  const ranks = new Map(cycles.flat().map(({ gradingId, rank }) => [gradingId, rank]));
  return answers.map((answer) => ({ ...answer, rank: ranks.get(answer.gradingId) ?? null }));
}
